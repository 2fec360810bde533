import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDbStore } from '../../lib/index.ts';
import { SharedTableStore } from '../../lib/powertools/shared-table-store.ts';
import { runIn } from './answer.ts';

/** The record as it lies in the table. Both libraries use the same attribute names and status words. */
export interface SeenRecord {
  readonly status: string;
  /** The run whose result is recorded. */
  readonly run: number | undefined;
  readonly leaseEndsAtMs: number;
}

/** A scenario has a table to itself and one key, so that there is one record or none. */
export async function seeRecord(client: DynamoDBClient, tableName: string): Promise<SeenRecord | undefined> {
  const { Items: items = [] } = await DynamoDBDocumentClient.from(client).send(
    new ScanCommand({ TableName: tableName, ConsistentRead: true }),
  );
  // A large result of this library lies in items of their own beside the record.
  const records = items.filter(({ status }) => status !== 'CHUNK');
  const [item] = records;
  if (records.length > 1) throw new Error(`Expected one record at most, found ${records.length}.`);
  if (item === undefined) return undefined;
  return {
    status: String(item['status']),
    run: runIn('owner' in item ? await ownResult(client, tableName, item) : item['data']),
    leaseEndsAtMs: Number(item['in_progress_expiration']),
  };
}

/** The result of a record of this library, which may be compressed: as text, as its short results lie there. */
async function ownResult(
  client: DynamoDBClient,
  tableName: string,
  item: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const Store = 'settled_by' in item ? SharedTableStore : DynamoDbStore;
  const record = await new Store({ tableName, client }).read(String(item['id']));
  return record?.result?.kind === 'json' ? record.result.json : undefined;
}

export function describeRecord(record: SeenRecord | undefined): string {
  if (record === undefined) return 'none';
  return record.run === undefined ? record.status : `${record.status}, run ${record.run}`;
}
