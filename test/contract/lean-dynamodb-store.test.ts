import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { leanStore } from '../support/lean.ts';
import { counterWrites } from './counters.ts';
import { describeStoreContract } from './store-contract.ts';
import { describeTransactionalStoreContract } from './transactional-store-contract.ts';

let client: DynamoDBClient;
let tableName: string;
let store: ReturnType<typeof leanStore>;

beforeAll(async () => {
  client = testClient();
  tableName = await createIdempotencyTable(client);
  store = leanStore({ tableName });
});

afterAll(() => {
  client.destroy();
  store.destroy();
});

describeStoreContract('LeanDynamoDbStore', () => store);
describeTransactionalStoreContract('LeanDynamoDbStore', () => ({
  store,
  ...counterWrites(tableName),
  countOf: async (counter) => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { id: { S: counter } }, ConsistentRead: true }),
    );
    return Number(Item?.['value']?.N ?? 0);
  },
}));

describe('beside a DynamoDbStore on the same table', () => {
  test('each reads what the other has written', async () => {
    const withSdk = new DynamoDbStore({ tableName, client });
    const NOW_SECONDS = 1_800_000_000;
    for (const [writer, reader] of [
      [store, withSdk],
      [withSdk, store],
    ] as const) {
      const lock = {
        id: `orders#${crypto.randomUUID()}`,
        status: 'INPROGRESS',
        owner: 'me',
        attempt: 1,
        fingerprint: 'payload',
        leaseEndsAtMs: NOW_SECONDS * 1000 + 10_000,
        expiresAtSeconds: NOW_SECONDS + 3600,
      } as const;
      const json = JSON.stringify({ body: 'ä'.repeat(20_000) });
      await writer.acquire(lock, NOW_SECONDS);
      const completion = { result: { kind: 'json', json }, expiresAtSeconds: NOW_SECONDS + 60 } as const;
      expect(await writer.complete(lock, completion)).toEqual({ applied: true });
      expect(await reader.read(lock.id)).toEqual({
        ...lock,
        status: 'COMPLETED',
        expiresAtSeconds: NOW_SECONDS + 60,
        result: { kind: 'json', json },
      });
    }
  });
});
