/** All that is known of a run when it is over: what was planned, sent, answered, struck, and left in the tables. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type CartLine, cartLineOf } from '../../functions/cart-line.ts';
import { type Answer, readAnswer } from './answer.ts';
import type { Try } from './client.ts';
import { type Contender, recordIdEnd } from './contenders.ts';
import { EffectsLog, type Execution } from './effects-log.ts';
import type { JournalEntry } from './journal.ts';
import type { Blow } from './killer.ts';
import type { Operation } from './plan.ts';
import { scanAll } from './scan.ts';
import type { Tables } from './tables.ts';

export interface Evidence {
  readonly operations: readonly Operation[];
  readonly tries: readonly Try[];
  readonly journal: readonly JournalEntry[];
  readonly blows: readonly Blow[];
  readonly left: TablesLeft;
}

export interface TablesLeft {
  readonly executions: readonly Execution[];
  readonly rows: readonly CartLine[];
  /** By key. */
  readonly records: ReadonlyMap<string, RecordLeft>;
}

export interface RecordLeft {
  readonly status: string;
  /** Undefined where the contender does not count. */
  readonly attempt: number | undefined;
  /** Request that holds it; undefined where the contender has no owners. */
  readonly ownerRequest: number | undefined;
  readonly leaseEndsAtMs: number;
  readonly answer: Answer | undefined;
}

export async function readTables(
  client: DynamoDBClient,
  tables: Tables,
  options: { readonly contender: Contender; readonly operations: readonly Operation[] },
): Promise<TablesLeft> {
  const { contender, operations } = options;
  const documents = DynamoDBDocumentClient.from(client);
  const items = await scanAll(documents, tables.idempotency);
  const itemOf = new Map(items.map((item) => [idEnd(item['id']), item]));
  const records = new Map<string, RecordLeft>();
  for (const { key, onUncertain } of operations) {
    const item = itemOf.get(recordIdEnd(contender, key, `/${onUncertain}/items`));
    if (item !== undefined) records.set(key, recordLeft(item));
  }
  return {
    executions: await new EffectsLog(client, tables.effects).read(),
    rows: (await scanAll(documents, tables.cart)).map(cartLineOf),
    records,
  };
}

/** Both contenders write `prefix#hash`. */
function idEnd(id: unknown): string {
  return String(id).split('#').at(-1) ?? '';
}

function recordLeft(item: Readonly<Record<string, unknown>>): RecordLeft {
  const { status, attempt, owner, data, in_progress_expiration: leaseEndsAtMs } = item;
  return {
    status: String(status),
    attempt: attempt === undefined ? undefined : Number(attempt),
    // As `newOwner` of contenders.ts makes it.
    ownerRequest: owner === undefined ? undefined : Number(String(owner).split('.')[0]),
    leaseEndsAtMs: Number(leaseEndsAtMs),
    answer: data === undefined ? undefined : recordedAnswer(data),
  };
}

/** JSON text from this library, a map from the peer. */
function recordedAnswer(data: unknown): Answer {
  const { statusCode, body } = (typeof data === 'string' ? JSON.parse(data) : data) as {
    readonly statusCode: number;
    readonly body: string;
  };
  return readAnswer(statusCode, body);
}
