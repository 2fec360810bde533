/** Where the records of a run lie. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Redis } from 'ioredis';
import { DynamoDbStore, type IdempotencyStore } from '../../lib/index.ts';
import { LeanDynamoDbStore } from '../../lib/lean/index.ts';
import { LOCAL_SETTINGS } from '../../lib/local/engine-client.ts';
import { ValkeyStore } from '../../lib/valkey/index.ts';

export const RECORD_STORES = ['dynamodb', 'lean', 'valkey'] as const;
export type RecordStoreName = (typeof RECORD_STORES)[number];

export type RecordsAt =
  | { readonly kind: 'dynamodb'; readonly client: DynamoDBClient; readonly tableName: string }
  | { readonly kind: 'lean'; readonly endpoint: string; readonly tableName: string }
  | { readonly kind: 'valkey'; readonly client: Redis; readonly keyPrefix: string };

/** The settings of docs/valkey.md. A worker that was frozen finds its connections as they were. */
export function openValkey(port: number): Redis {
  const client = new Redis({ port, maxRetriesPerRequest: 0, socketTimeout: 1000, retryStrategy: () => 50 });
  client.on('error', () => {}); // What matters of them reaches the store.
  return client;
}

export function storeAt(records: RecordsAt): IdempotencyStore {
  switch (records.kind) {
    case 'dynamodb':
      return new DynamoDbStore({ tableName: records.tableName, client: records.client });
    case 'lean': {
      const { endpoint, tableName } = records;
      return new LeanDynamoDbStore({
        tableName,
        endpoint,
        ...LOCAL_SETTINGS,
      });
    }
    case 'valkey':
      return new ValkeyStore({ client: records.client, keyPrefix: records.keyPrefix });
  }
}
