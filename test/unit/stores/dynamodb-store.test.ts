/** What DynamoDB answers when it does not do what it was asked for, and what becomes of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError, StoreError } from '../../../lib/idempotency/errors.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import type { InProgressRecord } from '../../../lib/stores/idempotency-store.ts';
import { createIdempotencyTable, testClient, testEndpoint } from '../../support/dynamodb.ts';

const NOW_SECONDS = 1_800_000_000;

let client: DynamoDBClient;

beforeAll(() => {
  client = testClient();
});

afterAll(() => client.destroy());

describe('a table', () => {
  test.each(['', undefined, 7])('by the name of %p is refused at once', (tableName) => {
    const options = { tableName: tableName as string, client };
    expect(() => new DynamoDbStore(options)).toThrow(ConfigurationError);
    expect(() => new DynamoDbStore(options)).toThrow(/`tableName`/);
  });

  test('with another key is a store error that says which key it needs', async () => {
    const tableName = `by-order-${crypto.randomUUID()}`;
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        AttributeDefinitions: [{ AttributeName: 'orderId', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'orderId', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    const failure = await failureOf(new DynamoDbStore({ tableName, client }));
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/partition key "id"/),
      cause: { name: 'ValidationException' },
    });
  });
});

describe('what is asked of DynamoDB', () => {
  let tableName: string;
  let watched: DynamoDBClient;
  let asked: Record<string, unknown>[];

  beforeAll(async () => {
    tableName = await createIdempotencyTable();
  });

  beforeEach(() => {
    asked = [];
    watched = testClient();
    watched.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          asked.push({ commandName, ...args.input });
          return next(args);
        },
      { step: 'initialize', name: 'watched' },
    );
  });

  afterEach(() => watched.destroy());

  test('is a read that sees every write that has been answered', async () => {
    await new DynamoDbStore({ tableName, client: watched }).read('orders#1');
    // Local engines have but one replica, so that only the request can show it.
    expect(asked).toMatchObject([{ commandName: 'GetItemCommand', ConsistentRead: true }]);
  });

  test('is one request a refusal, which brings back the record that stands in the way', async () => {
    const store = new DynamoDbStore({ tableName, client: watched });
    const held = lockOf('somebody else');
    const ours = lockOf('me');
    await store.acquire(held, NOW_SECONDS);
    asked = [];

    const refused = { applied: false, current: held };
    const completion = { result: { kind: 'undefined' }, expiresAtSeconds: NOW_SECONDS } as const;
    expect(await store.acquire(ours, NOW_SECONDS)).toEqual(refused);
    expect(await store.takeOver(ours, ours)).toEqual(refused);
    expect(await store.complete(ours, completion)).toEqual(refused);
    expect(await store.release(ours)).toEqual(refused);
    expect(asked.map(({ commandName }) => commandName)).toEqual([
      'PutItemCommand',
      'PutItemCommand',
      'UpdateItemCommand',
      'DeleteItemCommand',
    ]);
  });
});

describe('a refusal', () => {
  test('for want of a table names it, and keeps the kind of the answer', async () => {
    const failure = await failureOf(new DynamoDbStore({ tableName: 'no-such-table', client }));
    expect(failure).toMatchObject({
      message: expect.stringContaining('"no-such-table" does not exist'),
      cause: { name: 'ResourceNotFoundException' },
    });
  });

  test('for the size of the item keeps the kind of the answer', async () => {
    const tableName = await createIdempotencyTable();
    const store = new DynamoDbStore({ tableName, client });
    // What is compressed and in chunks does not come near the limit; what is left of an omitted result is as it is.
    const lock = { ...lockOf('me'), fingerprint: 'x'.repeat(200 * 1024) };
    await store.acquire(lock, NOW_SECONDS);
    const result = { kind: 'omitted', reason: 'too-large', remainderJson: 'x'.repeat(210 * 1024) } as const;
    await expect(store.complete(lock, { result, expiresAtSeconds: NOW_SECONDS })).rejects.toMatchObject({
      code: 'RESULT_TOO_LARGE',
      cause: { name: 'ValidationException' },
    });
  });

  test('that is not one of a request’s validity says nothing of sizes', async () => {
    const strange = Object.assign(new Error('Item size unknown'), { name: 'InternalServerError' });
    const failure = await failureOf(new DynamoDbStore({ tableName: 'orders', client: failingWith(strange) }));
    expect(failure).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/InternalServerError/),
    });
  });

  test('for want of rights names the table and the rights, and keeps what AWS said', async () => {
    // No local engine checks rights.
    const refusal = Object.assign(new Error('User: arn:aws:sts::1:me is not authorized'), {
      name: 'AccessDeniedException',
    });
    const failure = await failureOf(new DynamoDbStore({ tableName: 'orders', client: failingWith(refusal) }));
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure.message).toMatch(/"orders".*dynamodb:PutItem, UpdateItem, DeleteItem and GetItem/);
    expect(failure.cause).toBe(refusal);
  });

  test('of another kind is named in the error', async () => {
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    const failure = await failureOf(
      new DynamoDbStore({ tableName: 'orders', client: failingWith(throttled) }),
    );
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: throttled });
    expect(failure.message).toMatch(/ThrottlingException/);
  });

  test('that is no error is a store error all the same', async () => {
    const failure = await failureOf(
      new DynamoDbStore({ tableName: 'orders', client: failingWith('no connection') }),
    );
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: 'no connection' });
    expect(failure.message).toMatch(/unknown error/);
  });
});

describe('without a client of the user’s', () => {
  const ENVIRONMENT = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: '',
  };
  const before = { ...process.env };

  afterEach(() => {
    for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
    Object.assign(process.env, before);
  });

  test('a request that hangs is given up and sent again, within the seconds that an invocation has', async () => {
    let requests = 0;
    const engine = createServer((_request, response) => {
      requests += 1;
      if (requests > 1) response.end('{}');
    });
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = engine.address() as AddressInfo;
      Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` });
      expect(await new DynamoDbStore({ tableName: 'orders' }).read('orders#1')).toBeUndefined();
      expect(requests).toBe(2);
    } finally {
      engine.closeAllConnections();
      engine.close();
    }
  }, 10_000);
});

function lockOf(owner: string): InProgressRecord {
  return {
    id: 'orders#contended',
    status: 'INPROGRESS',
    owner,
    attempt: 1,
    fingerprint: 'payload',
    leaseEndsAtMs: NOW_SECONDS * 1000 + 10_000,
    expiresAtSeconds: NOW_SECONDS + 3600,
  };
}

async function failureOf(store: DynamoDbStore): Promise<Error> {
  const failure = await store.read('orders#1').then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof Error) return failure;
  throw new Error('The store did not fail.');
}

/** A fault that no engine at hand can be made to show. */
function failingWith(error: unknown): DynamoDBClient {
  const failing = new DynamoDBClient({ region: 'eu-west-1', endpoint: testEndpoint() });
  failing.middlewareStack.add(
    () => async () => {
      throw error;
    },
    { step: 'initialize', name: 'failing' },
  );
  return failing;
}
