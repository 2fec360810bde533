import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { DynamoDbStore, idempotent } from '../../lib/index.ts';

export interface JobSettings {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Absent: the lease lasts as long as the invocation. */
  readonly renewedLeaseMs?: number;
}

export function guardedJob(
  { client, tableName, renewedLeaseMs }: JobSettings,
  work: () => Promise<unknown>,
): (key: string, context: Context) => Promise<unknown> {
  return idempotent(async (_key: string) => work(), {
    store: new DynamoDbStore({ tableName, client }),
    namespace: 'recovery',
    key: (key) => key,
    onEvent: () => {},
    ...(renewedLeaseMs === undefined ? {} : { renewedLeaseMs }),
  });
}
