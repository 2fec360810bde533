import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoreError } from '../../lib/idempotency/errors.ts';
import { DynamoDbLockStore } from '../../lib/locks/dynamodb-lock-store.ts';
import { MemoryLockStore } from '../../lib/locks/memory-lock-store.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { withoutOldItems } from '../support/without-old-items.ts';
import { describeLockStoreContract } from './lock-store-contract.ts';

let client: DynamoDBClient;
let silentClient: DynamoDBClient;
let tableName: string;

beforeAll(async () => {
  client = testClient();
  silentClient = withoutOldItems(testClient());
  tableName = await createIdempotencyTable(client);
});
afterAll(() => {
  client.destroy();
  silentClient.destroy();
});

describeLockStoreContract('MemoryLockStore', () => new MemoryLockStore());
describeLockStoreContract('DynamoDbLockStore', () => new DynamoDbLockStore({ tableName, client }));

describe('on an engine that does not return the old item of a failed condition', () => {
  beforeAll(async () => {
    tableName = await createIdempotencyTable(client);
  });

  describeLockStoreContract(
    'DynamoDbLockStore',
    () => new DynamoDbLockStore({ tableName, client: silentClient }),
  );
});

describe('DynamoDbLockStore', () => {
  test('does not overwrite or hide an item that is not one of its locks', async () => {
    const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
    const foreign = { id: { S: 'lock:foreign' }, price: { N: '12' } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: foreign }));
    const store = new DynamoDbLockStore({ tableName, client });
    await expect(store.read('lock:foreign')).rejects.toThrow(/attribute "permits" is missing/);
    await expect(store.release('lock:foreign', 'me', 1)).rejects.toThrow(StoreError);
  });

  test('says which table is missing and how to make it', async () => {
    const store = new DynamoDbLockStore({ tableName: 'no-such-table', client });
    await expect(store.read('lock:1')).rejects.toThrow(
      /table "no-such-table" for locks does not exist .* IdempotencyTable, .* TTL on "expiration"/,
    );
  });
});
