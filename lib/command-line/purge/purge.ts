import { ConditionalCheckFailedException, DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { ATTRIBUTES, CHUNK_STATUS, type Item } from '../../stores/dynamodb-record.ts';
import { keyOf } from '../../stores/dynamodb-requests.ts';
import { confirmed } from '../confirmation.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { createProgress } from '../progress.ts';
import { type Table, withTable } from '../table/connection.ts';
import { createPace, scanPages } from '../table/scan.ts';
import { tableError } from '../table/table-error.ts';
import type { TableOptions } from '../table/table-options.ts';
import type { Terminal } from '../terminal.ts';
import { type Disposal, disposalOf } from './disposal.ts';

export interface PurgeOptions extends TableOptions {
  /** Milliseconds. */
  readonly expiredFor: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Counts {
  scannedItems: number;
  expired: number;
  orphanedChunks: number;
  /** Not deleted after all, because they were put anew or renewed in between. */
  changed: number;
}

export async function purge(options: PurgeOptions, terminal: Terminal): Promise<ExitCode> {
  return withTable(options, terminal, async (table) => {
    const question = `Delete what has expired from the table ${table.tableName}?`;
    if (!options.dryRun && !(await confirmed(question, options, terminal))) {
      terminal.error('Nothing was deleted.\n');
      return EXIT.no;
    }
    const counts = await purged(table, options, terminal);
    const done = { table: table.tableName, dryRun: options.dryRun === true, ...counts };
    terminal.out(options.json ? `${JSON.stringify(done, null, 2)}\n` : summary(counts, options));
    return EXIT.ok;
  });
}

async function purged(table: Table, options: PurgeOptions, terminal: Terminal): Promise<Counts> {
  const counts: Counts = { scannedItems: 0, expired: 0, orphanedChunks: 0, changed: 0 };
  const progress = createProgress(terminal);
  const pace = createPace(options.writeUnits);
  const beforeSeconds = Math.floor((Date.now() - options.expiredFor) / 1000);
  const scan = { input: candidates(beforeSeconds), readUnitsPerSecond: options.readUnits };
  for await (const { items, scanned } of scanPages(table, scan)) {
    counts.scannedItems += scanned;
    for (const item of items) {
      const disposal = await disposalOf(item, table, beforeSeconds);
      if (disposal === undefined) continue;
      const units = options.dryRun ? 0 : await deleted(table, item, disposal);
      counts[units === undefined ? 'changed' : disposal.reason] += 1;
      await pace(units ?? 1);
      progress.show(
        `${counts.scannedItems} items looked at, ${counts.expired + counts.orphanedChunks} deleted`,
      );
    }
  }
  progress.end();
  return counts;
}

/** Locks are not among them: a lock's record stays, for the sake of its fencing number, until TTL takes it. */
function candidates(beforeSeconds: number) {
  return {
    ProjectionExpression: '#id, #status, #expiration',
    FilterExpression: '#status = :chunk OR (#status IN (:inProgress, :completed) AND #expiration < :before)',
    ExpressionAttributeNames: {
      '#id': ATTRIBUTES.id,
      '#status': ATTRIBUTES.status,
      '#expiration': ATTRIBUTES.expiration,
    },
    ExpressionAttributeValues: {
      ':chunk': { S: CHUNK_STATUS },
      ':inProgress': { S: 'INPROGRESS' },
      ':completed': { S: 'COMPLETED' },
      ':before': { N: String(beforeSeconds) },
    },
  };
}

/** @returns the write units that it took, or `undefined` if the item is no longer what it was */
async function deleted(table: Table, item: Item, { condition }: Disposal): Promise<number | undefined> {
  try {
    const { ConsumedCapacity: consumed } = await table.client.send(
      new DeleteItemCommand({
        TableName: table.tableName,
        Key: keyOf(item[ATTRIBUTES.id]?.S ?? ''),
        ReturnConsumedCapacity: 'TOTAL',
        ...condition,
      }),
    );
    return consumed?.CapacityUnits ?? 1;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw tableError(error, table);
  }
}

function summary(
  { scannedItems, expired, orphanedChunks, changed }: Counts,
  { dryRun }: PurgeOptions,
): string {
  const verb = dryRun ? 'Would delete' : 'Deleted';
  const late = changed === 0 ? '' : ` ${changed} had changed in between and stay.`;
  return `${verb} ${expired} expired items and ${orphanedChunks} orphaned chunks of ${scannedItems} items.${late}\n`;
}
