/** Which items nobody can need any more, and the condition under which each may be deleted. */
import { ATTRIBUTES, CHUNK_STATUS, type Item } from '../../stores/dynamodb-record.ts';
import type { Table } from '../table/connection.ts';
import { expirationOf, parentOf } from '../table/described-item.ts';
import { readItem } from '../table/items.ts';

export interface Disposal {
  readonly reason: 'expired' | 'orphanedChunks';
  readonly condition: {
    readonly ConditionExpression: string;
    readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
    readonly ExpressionAttributeValues: Item;
  };
}

/** Between the chunks of an attempt and its record lie a few requests: far less than this, the life of an attempt behind an API. */
const ATTEMPT_MAX_SECONDS = 900;

/** `undefined`: it stays. */
export async function disposalOf(
  item: Item,
  table: Table,
  beforeSeconds: number,
): Promise<Disposal | undefined> {
  const expiration = expirationOf(item);
  if (expiration !== undefined && expiration < beforeSeconds) return expired(beforeSeconds);
  if (item[ATTRIBUTES.status]?.S !== CHUNK_STATUS) return undefined;
  return (await isOrphan(item, table)) ? orphan() : undefined;
}

/** A record that was put anew in between has another expiration. */
function expired(beforeSeconds: number): Disposal {
  return {
    reason: 'expired',
    condition: {
      ConditionExpression: '#expiration < :before',
      ExpressionAttributeNames: { '#expiration': ATTRIBUTES.expiration },
      ExpressionAttributeValues: { ':before': { N: String(beforeSeconds) } },
    },
  };
}

/** Its id holds the token of one attempt, so that there will never be another chunk of that name. */
function orphan(): Disposal {
  return {
    reason: 'orphanedChunks',
    condition: {
      ConditionExpression: '#status = :chunk',
      ExpressionAttributeNames: { '#status': ATTRIBUTES.status },
      ExpressionAttributeValues: { ':chunk': { S: CHUNK_STATUS } },
    },
  };
}

/**
 * A chunk of an attempt that can no longer complete: its record is another attempt's. Where there is no record, the attempt may be
 * about to put one (`strategy: 'single-write'` writes chunks first), and its chunk waits for TTL. The same holds where the
 * record of the other one is about to expire.
 */
async function isOrphan(chunk: Item, table: Table): Promise<boolean> {
  const { recordId, owner } = parentOf(chunk[ATTRIBUTES.id]?.S ?? '');
  if (recordId === '') return false;
  const record = await readItem(table, recordId);
  if (record === undefined) return false;
  // On a table that is shared with Powertools, the one who completed it is named beside the owner.
  const owners = [record[ATTRIBUTES.owner]?.S, record[ATTRIBUTES.settledBy]?.S];
  if (owners.includes(owner)) return false;
  const countsUntil = expirationOf(record) ?? 0;
  return countsUntil > Math.floor(Date.now() / 1000) + ATTEMPT_MAX_SECONDS;
}
