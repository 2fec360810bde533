import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoreError } from '../../lib/idempotency/errors.ts';
import { DynamoDbRecordStore } from '../../lib/stores/dynamodb-record-store.ts';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import { POWERTOOLS_FORMAT } from '../../lib/stores/powertools-format.ts';
import { sdkDynamoDbApi } from '../../lib/stores/sdk-dynamodb-api.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { withoutOldItems } from '../support/without-old-items.ts';
import { counterWrites } from './counters.ts';
import { describeStoreContract } from './store-contract.ts';
import {
  describeTransactionalStoreContract,
  type TransactionalSetUp,
} from './transactional-store-contract.ts';

let client: DynamoDBClient;
let silentClient: DynamoDBClient;
let tableName: string;

beforeAll(async () => {
  client = testClient();
  tableName = await createIdempotencyTable(client);
  silentClient = withoutOldItems(testClient());
});

afterAll(() => {
  client.destroy();
  silentClient.destroy();
});

describeStoreContract('DynamoDbStore', () => new DynamoDbStore({ tableName, client }));
describeTransactionalStoreContract('DynamoDbStore', () => withCounters(client));

describe('in the form of Powertools', () => {
  beforeAll(async () => {
    tableName = await createIdempotencyTable(client);
  });

  const open = () =>
    new DynamoDbRecordStore({ tableName, api: sdkDynamoDbApi(client), format: POWERTOOLS_FORMAT });
  describeStoreContract('the store', open);
  describeTransactionalStoreContract('the store', () => ({ ...withCounters(client), store: open() }));
});

describe('on an engine that does not return the old item of a failed condition', () => {
  beforeAll(async () => {
    tableName = await createIdempotencyTable(client);
  });

  describeStoreContract('DynamoDbStore', () => new DynamoDbStore({ tableName, client: silentClient }));
  describeTransactionalStoreContract('DynamoDbStore', () => withCounters(silentClient));
});

describe('DynamoDbStore', () => {
  test('does not overwrite or hide an item that is not one of its records', async () => {
    const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
    const foreign = { id: { S: 'orders#foreign' }, expiration: { N: '4000000000' }, price: { N: '12' } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: foreign }));
    const store = new DynamoDbStore({ tableName, client });

    await expect(store.read('orders#foreign')).rejects.toThrow(StoreError);
    await expect(store.read('orders#foreign')).rejects.toThrow(/attribute "status" is missing/);
    await expect(
      store.acquire(
        {
          id: 'orders#foreign',
          status: 'INPROGRESS',
          owner: 'me',
          attempt: 1,
          fingerprint: '',
          leaseEndsAtMs: 1_800_000_000_000,
          expiresAtSeconds: 1_900_000_000,
        },
        1_800_000_000,
      ),
    ).rejects.toThrow(/attribute "status" is missing/);
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: { id: foreign.id } }));
    expect(Item).toEqual(foreign);
  });

  test('says which table is missing and how to make it', async () => {
    const store = new DynamoDbStore({ tableName: 'no-such-table', client });
    await expect(store.read('orders#1')).rejects.toThrow(
      /table "no-such-table" does not exist .* IdempotencyTable, .* partition key "id" .* TTL on "expiration"/,
    );
  });

  test('an endpoint where nobody listens is a store error, with the cause kept', async () => {
    const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
    const unreachable = new DynamoDBClient({
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
    const failure = await new DynamoDbStore({ tableName, client: unreachable })
      .read('orders#1')
      .catch((error) => error);
    unreachable.destroy();
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', statusCode: 503, retryable: true });
    expect(String(failure.cause)).toMatch('ECONNREFUSED');
  });
});

function withCounters(usedClient: DynamoDBClient): TransactionalSetUp {
  return {
    store: new DynamoDbStore({ tableName, client: usedClient }),
    ...counterWrites(tableName),
    countOf: async (counter) => {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: { id: { S: counter } }, ConsistentRead: true }),
      );
      return Number(Item?.['value']?.N ?? 0);
    },
  };
}
