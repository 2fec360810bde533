/** Ids and hashes are those that the installed Powertools writes: compared with what it has put into the table. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { IdempotencyConfigOptions } from '@aws-lambda-powertools/idempotency/types';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { idempotent } from '../../../lib/index.ts';
import { sharedWithPowertools } from '../../../lib/powertools/index.ts';
import { allItems } from '../../support/all-items.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';

let client: DynamoDBClient;
let tableName: string;
beforeAll(() => {
  client = testClient();
});
beforeEach(async () => {
  tableName = await createIdempotencyTable(client);
});
afterAll(() => client.destroy());

const NAME = 'AWS_LAMBDA_FUNCTION_NAME';

async function writtenByPowertools(event: unknown, options: IdempotencyConfigOptions, keyPrefix?: string) {
  const run = makeIdempotent(async (_event: unknown, _context: unknown) => 'done', {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
    config: new IdempotencyConfig(options),
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
  });
  await run(event, lambdaContext());
  const [item] = await allItems(client, tableName);
  return { id: item?.['id']?.S, fingerprint: item?.['validation']?.S ?? '' };
}

const shared = (options: IdempotencyConfigOptions, keyPrefix?: string) =>
  sharedWithPowertools({
    tableName,
    client,
    config: new IdempotencyConfig(options),
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
  });

const EVENT = {
  headers: { 'idempotency-key': 'k1' },
  body: JSON.stringify({ order: { Id: 'o1', amount: 9.5 } }),
  Zebra: [{ b: 1, a: null }, 'ä'],
  apple: { nested: { y: true, X: [] } },
};

describe('id and fingerprint are those of Powertools', () => {
  test.each<[string, IdempotencyConfigOptions, string | undefined]>([
    ['with the whole event as the key', {}, undefined],
    ['with one member', { eventKeyJmesPath: 'headers."idempotency-key"' }, undefined],
    ['with several', { eventKeyJmesPath: '[apple, Zebra, missing]' }, undefined],
    ['with what is inside of a body', { eventKeyJmesPath: 'powertools_json(body).order.Id' }, undefined],
    [
      'with a payload to validate',
      { eventKeyJmesPath: 'apple', payloadValidationJmesPath: '[body, Zebra]' },
      undefined,
    ],
    [
      'with another hash',
      { eventKeyJmesPath: 'apple', hashFunction: 'sha256', payloadValidationJmesPath: 'body' },
      undefined,
    ],
    ['with a prefix', { eventKeyJmesPath: 'apple' }, 'orders'],
  ])('%s', async (_, options, keyPrefix) => {
    process.env[NAME] = 'place-order';
    try {
      const written = await writtenByPowertools(EVENT, options, keyPrefix);
      expect(written.id).toMatch(keyPrefix === undefined ? /^place-order#/ : /^orders#/);
      expect(await shared(options, keyPrefix).identity(EVENT)).toEqual(written);
    } finally {
      delete process.env[NAME];
    }
  });
});

describe('an event without a key', () => {
  const eventKeyJmesPath = 'orderId';

  test('runs unguarded where Powertools lets it', async () => {
    expect(await shared({ eventKeyJmesPath }).identity({})).toBeUndefined();
    const piped = shared({ eventKeyJmesPath: 'powertools_json(body) | order.id || orderId' });
    expect(await piped.identity({ body: '{}' })).toBeUndefined();
    expect(await piped.identity({ body: '{"orderId":"o1"}' })).toBeDefined();
  });

  test('is refused where Powertools refuses it', async () => {
    const strict = shared({ eventKeyJmesPath, throwOnNoIdempotencyKey: true });
    await expect(strict.identity({})).rejects.toMatchObject({ code: 'KEY_INVALID', statusCode: 400 });
  });

  test.each([
    ['[tenant, orderId]', {}],
    ['orderId', { orderId: '' }],
    ['abs(orderId)', { orderId: 'no number' }],
  ])(
    'is refused where Powertools would give all of them one record, or fails: %s of %j',
    async (expression, event) => {
      await expect(shared({ eventKeyJmesPath: expression }).identity(event)).rejects.toMatchObject({
        code: 'KEY_INVALID',
      });
    },
  );
});

test('many events at once get each its own identity', async () => {
  const { identity } = shared({ eventKeyJmesPath: 'orderId' }, 'orders');
  const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => identity({ orderId: `o${index}` })));
  expect(new Set(ids.map((one) => one?.id)).size).toBe(50);
});

test('results of either come back from the other as JSON has them', async () => {
  const result = { list: [1, 'zwei', null, { deep: true }], note: undefined, at: new Date(0) };
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'orderId' });
  const ours = idempotent(async (_event: { orderId: string }, _context: unknown) => result, {
    ...sharedWithPowertools({ tableName, client, config, keyPrefix: 'orders' }),
    onEvent: () => {},
  });
  let runs = 0;
  const theirs = makeIdempotent(
    async (_event: { orderId: string }, _context: unknown) => {
      runs += 1;
      return { ran: runs };
    },
    {
      persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
      config,
      keyPrefix: 'orders',
    },
  );
  await ours({ orderId: 'o1' }, lambdaContext());
  expect(await theirs({ orderId: 'o1' }, lambdaContext())).toEqual(JSON.parse(JSON.stringify(result)));
  await theirs({ orderId: 'o2' }, lambdaContext());
  expect(await ours({ orderId: 'o2' }, lambdaContext())).toEqual({ ran: 1 });
  expect(runs).toBe(1);
});

test('a lock of Powertools without a remaining time holds until it expires', async () => {
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'orderId' });
  const theirs = makeIdempotent(async (_event: { orderId: string }) => new Promise<never>(() => {}), {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
    config,
    keyPrefix: 'orders',
  });
  void theirs({ orderId: 'o1' });
  while ((await allItems(client, tableName)).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
  const ours = idempotent(async (_event: { orderId: string }, _context: unknown) => 'ran', {
    ...sharedWithPowertools({ tableName, client, config, keyPrefix: 'orders' }),
    onEvent: () => {},
  });
  await expect(ours({ orderId: 'o1' }, lambdaContext())).rejects.toMatchObject({ code: 'IN_PROGRESS' });
});

test.each([
  [{ keyAttr: 'pk' }, /Unknown option "keyAttr"/],
  [{ config: {} }, /must be the IdempotencyConfig/],
  [{ config: new IdempotencyConfig({ responseHook: (response) => response }) }, /responseHook/],
])('the option %j is refused at once', (wrong, message) => {
  const config = new IdempotencyConfig({});
  expect(() => sharedWithPowertools({ tableName: 't', client, config, ...(wrong as object) })).toThrow(
    message,
  );
});
