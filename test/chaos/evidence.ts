/** All that is known of a run when it is over: what was planned, sent, answered, struck, and left in the tables. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type CartLine, cartLineOf } from '../../functions/cart-line.ts';
import type { IdempotencyStore } from '../../lib/index.ts';
import { type Answer, readAnswer } from './answer.ts';
import type { Try } from './client.ts';
import { type Contender, NAMESPACE, recordIdEnd } from './contenders.ts';
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
  readonly rows: readonly StoredRow[];
  /** By key. */
  readonly records: ReadonlyMap<string, RecordLeft>;
}

export interface StoredRow extends CartLine {
  /** Number of the database that it lies in, from 0. */
  readonly database: number;
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

export interface Leftovers {
  readonly client: DynamoDBClient;
  readonly databases: readonly DynamoDBClient[];
  readonly tables: Tables;
  /** The store that the records lie in; undefined for a table, which is read as it is. */
  readonly store: IdempotencyStore | undefined;
}

export async function readTables(
  { client, databases, tables, store }: Leftovers,
  options: { readonly contender: Contender; readonly operations: readonly Operation[] },
): Promise<TablesLeft> {
  const records =
    store === undefined
      ? await recordsInTable(client, tables, options)
      : await recordsInStore(store, options.operations);
  const rows = await Promise.all(databases.map((database, index) => rowsIn(database, tables.cart, index)));
  return {
    executions: await new EffectsLog(client, tables.effects).read(),
    rows: rows.flat(),
    records,
  };
}

async function rowsIn(client: DynamoDBClient, tableName: string, database: number): Promise<StoredRow[]> {
  const items = await scanAll(DynamoDBDocumentClient.from(client), tableName);
  return items.map((item) => ({ ...cartLineOf(item), database }));
}

async function recordsInTable(
  client: DynamoDBClient,
  tables: Tables,
  { contender, operations }: { readonly contender: Contender; readonly operations: readonly Operation[] },
): Promise<Map<string, RecordLeft>> {
  const items = await scanAll(DynamoDBDocumentClient.from(client), tables.idempotency);
  const itemOf = new Map(items.map((item) => [idEnd(item['id']), item]));
  const records = new Map<string, RecordLeft>();
  for (const { key, onUncertain } of operations) {
    const item = itemOf.get(recordIdEnd(contender, key, pathOf(onUncertain)));
    if (item !== undefined) records.set(key, recordLeft(item));
  }
  return records;
}

async function recordsInStore(
  store: IdempotencyStore,
  operations: readonly Operation[],
): Promise<Map<string, RecordLeft>> {
  const records = new Map<string, RecordLeft>();
  for (const { key, onUncertain } of operations) {
    const id = `${NAMESPACE}#${recordIdEnd('lambda-idempotency', key, pathOf(onUncertain))}`;
    const record = await store.read(id);
    if (record === undefined) continue;
    const { status, attempt, owner, leaseEndsAtMs, result } = record;
    const data = result?.kind === 'json' ? result.json : undefined;
    records.set(key, recordLeft({ status, attempt, owner, data, in_progress_expiration: leaseEndsAtMs }));
  }
  return records;
}

function pathOf(onUncertain: Operation['onUncertain']): string {
  return `/${onUncertain}/items`;
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
