/** What DynamoDB answers when it does not do what it was asked for, and what becomes of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CancellationReason,
  CreateTableCommand,
  DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ConfigurationError, StoreError } from '../../../lib/idempotency/errors.ts';
import { itemOf } from '../../../lib/stores/dynamodb-record.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import type { Completion, InProgressRecord } from '../../../lib/stores/idempotency-store.ts';
import { requestsOf } from '../../support/counted-requests.ts';
import { createIdempotencyTable, testClient, testEndpoint } from '../../support/dynamodb.ts';
import { sizedJson } from '../../support/sized-json.ts';

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
      'UpdateItemCommand',
      'UpdateItemCommand',
      'DeleteItemCommand',
    ]);
  });
});

describe('an error that another copy of the SDK has made', () => {
  const foreign = (name: string, members: object) => Object.assign(new Error(name), { name, ...members });

  test('is known by its name, and what it brings back is read', async () => {
    const held = lockOf('somebody else');
    const refusal = foreign('ConditionalCheckFailedException', { Item: itemOf(held) });
    const store = new DynamoDbStore({ tableName: 'orders', client: failingWith(refusal) });
    expect(await store.acquire(lockOf('me'), NOW_SECONDS)).toEqual({ applied: false, current: held });
  });

  test('is known by its name, and its reasons are read', async () => {
    const reasons = [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }];
    const refusal = foreign('TransactionCanceledException', { CancellationReasons: reasons });
    const store = new DynamoDbStore({ tableName: 'orders', client: failingWith(refusal) });
    const writes = store.prepareWrites([{ Put: { TableName: 'lines', Item: { id: 'l1' } } }], []);
    const completion = { result: { kind: 'undefined' }, expiresAtSeconds: NOW_SECONDS } as const;
    expect(await store.completeWith(lockOf('me'), completion, writes)).toEqual({
      kind: 'condition-failed',
      failed: [{ index: 0, code: 'ConditionalCheckFailed' }],
    });
  });
});

describe('a completed record of which no writes are part', () => {
  test('is put alone, at half the price of a transaction', async () => {
    const tableName = await createIdempotencyTable();
    const store = new DynamoDbStore({ tableName, client });
    const { leaseEndsAtMs, ...lock } = lockOf('me');
    const record = { ...lock, leaseEndsAtMs, status: 'COMPLETED', result: { kind: 'undefined' } } as const;
    const requests = await requestsOf(client, () => store.putCompleted(record, NOW_SECONDS, []));
    expect(requests).toEqual(['PutItem']);
  });
});

describe('a single write that meets a transaction at its record', () => {
  const conflict = () =>
    new TransactionConflictException({ message: 'Transaction is ongoing for the item', $metadata: {} });

  let random: jest.SpiedFunction<typeof Math.random>;
  beforeEach(() => {
    random = jest.spyOn(Math, 'random').mockReturnValue(1);
  });
  afterEach(() => random.mockRestore());

  test('is tried again, after a pause that grows', async () => {
    const tries: number[] = [];
    const busy = answering(() => {
      tries.push(performance.now());
      if (tries.length < 3) throw conflict();
      return {};
    });
    expect(await new DynamoDbStore({ tableName: 'orders', client: busy }).release(lockOf('me'))).toEqual({
      applied: true,
    });
    const [first = 0, second = 0, third = 0] = tries;
    // The pauses are of up to 50 and 100 ms; Node's timers may be a millisecond early.
    expect(second - first).toBeGreaterThan(48);
    expect(third - second).toBeGreaterThan(98);
  });

  test('is given up after three tries, with the conflict as its cause', async () => {
    let tries = 0;
    const busy = answering(() => {
      tries += 1;
      throw conflict();
    });
    const store = new DynamoDbStore({ tableName: 'orders', client: busy });
    await expect(store.release(lockOf('me'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { name: 'TransactionConflictException' },
    });
    expect(tries).toBe(3);
  });

  test('no other failure is tried again here: the SDK has done that', async () => {
    let tries = 0;
    const down = answering(() => {
      tries += 1;
      throw Object.assign(new Error('down'), { name: 'InternalServerError' });
    });
    await expect(
      new DynamoDbStore({ tableName: 'orders', client: down }).release(lockOf('me')),
    ).rejects.toThrow(StoreError);
    expect(tries).toBe(1);
  });
});

describe('a result of which one chunk cannot be written', () => {
  test('is left out, and nothing says that it is there', async () => {
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    const sent: unknown[] = [];
    const narrow = answering(({ commandName, input }) => {
      sent.push(commandName);
      if (input['Item']?.id.S?.endsWith('#1')) throw throttled;
      return {};
    });
    const store = new DynamoDbStore({ tableName: 'orders', client: narrow });
    const json = sizedJson(1000 * 1024, 'incompressible');
    const completion = { result: { kind: 'json', json }, expiresAtSeconds: NOW_SECONDS } as const;
    await expect(store.complete(lockOf('me'), completion)).rejects.toMatchObject({
      code: 'RESULT_TOO_LARGE',
      cause: { code: 'STORE_UNAVAILABLE', cause: throttled },
    });
    expect(sent).toEqual(['PutItemCommand', 'PutItemCommand']);
  });
});

describe('a transaction that DynamoDB refuses as a whole', () => {
  const tooLarge = Object.assign(new Error('Transaction size exceeds the limit'), {
    name: 'ValidationException',
  });
  const invalid = Object.assign(new Error('Invalid ConditionExpression'), { name: 'ValidationException' });
  const write = { Put: { TableName: 'lines', Item: { id: 'l1' } } };
  const withResult = { result: { kind: 'json', json: '1' }, expiresAtSeconds: NOW_SECONDS } as const;
  const withoutResult = { result: { kind: 'undefined' }, expiresAtSeconds: NOW_SECONDS } as const;

  /** Each of the three transactions that the store can make, of which the first two have a record. */
  const TRANSACTIONS = {
    completeWith: (store: DynamoDbStore, completion: Completion) =>
      store.completeWith(lockOf('me'), completion, store.prepareWrites([write], [])),
    putCompleted: (store: DynamoDbStore, completion: Completion) => {
      const record = { ...lockOf('me'), ...completion, status: 'COMPLETED' } as const;
      return store.putCompleted(record, NOW_SECONDS, store.prepareWrites([write], []));
    },
    write: (store: DynamoDbStore) => store.write(store.prepareWrites([write], []), 'token'),
  };
  const refusing = (error: unknown) => new DynamoDbStore({ tableName: 'orders', client: failingWith(error) });

  test.each(['completeWith', 'putCompleted'] as const)(
    'for its size: %s can do without its result, if it has one',
    async (name) => {
      await expect(TRANSACTIONS[name](refusing(tooLarge), withResult)).rejects.toMatchObject({
        code: 'RESULT_TOO_LARGE',
        cause: tooLarge,
      });
      await expect(TRANSACTIONS[name](refusing(tooLarge), withoutResult)).rejects.toMatchObject({
        code: 'COMMIT_INVALID',
        cause: tooLarge,
      });
    },
  );

  test('for its size: writes alone are invalid', async () => {
    await expect(TRANSACTIONS.write(refusing(tooLarge))).rejects.toMatchObject({ code: 'COMMIT_INVALID' });
  });

  test.each(['completeWith', 'putCompleted', 'write'] as const)(
    'as not valid: %s is invalid',
    async (name) => {
      await expect(TRANSACTIONS[name](refusing(invalid), withResult)).rejects.toMatchObject({
        code: 'COMMIT_INVALID',
        cause: invalid,
      });
    },
  );

  test.each([
    ['of another kind', Object.assign(new Error('Item size unknown'), { name: 'InternalServerError' })],
    ['that is no error', 'no connection'],
    ['that gives no reason', cancelledFor({ Code: 'SomethingNew' })],
  ])('for a failure %s is one of the store', async (_, failure) => {
    await expect(TRANSACTIONS.completeWith(refusing(failure), withResult)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: failure,
    });
  });

  test('for a table that is missing says that it may be another one', async () => {
    const store = new DynamoDbStore({ tableName: 'no-such-table', client });
    await expect(TRANSACTIONS.completeWith(store, withResult)).rejects.toThrow(
      /a table of the writes in it\.$/,
    );
    // A single request can only be about ours.
    await expect(store.read('orders#1')).rejects.toThrow(/TTL on "expiration"\.$/);
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
  return answering(() => {
    throw error;
  });
}

interface Asked {
  readonly commandName: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: the input of whatever command it is
  readonly input: Record<string, any>;
}

/** A client that sends nothing, and answers for DynamoDB. */
function answering(answer: (asked: Asked) => object): DynamoDBClient {
  const stub = new DynamoDBClient({ region: 'eu-west-1', endpoint: testEndpoint() });
  stub.middlewareStack.add(
    (_next, { commandName }) =>
      async ({ input }) => ({ response: {}, output: { $metadata: {}, ...answer({ commandName, input }) } }),
    { step: 'initialize', name: 'answering' },
  );
  return stub;
}

function cancelledFor(...reasons: CancellationReason[]): TransactionCanceledException {
  return new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: {},
    CancellationReasons: reasons,
  });
}
