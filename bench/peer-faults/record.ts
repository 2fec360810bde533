import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
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
  const [item] = items;
  if (items.length > 1) throw new Error(`Expected one record at most, found ${items.length}.`);
  if (item === undefined) return undefined;
  return {
    status: String(item['status']),
    run: runIn(item['data']),
    leaseEndsAtMs: Number(item['in_progress_expiration']),
  };
}

export function describeRecord(record: SeenRecord | undefined): string {
  if (record === undefined) return 'none';
  return record.run === undefined ? record.status : `${record.status}, run ${record.run}`;
}
