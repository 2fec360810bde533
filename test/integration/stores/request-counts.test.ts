/**
 * What each outcome costs, in requests to DynamoDB. They are counted in the SDK's client, below everything of ours and
 * below its retries, and against a real engine. `npm run bench:requests` prints most of them beside those of Powertools.
 */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { sizedAnswer } from '../../../bench/response-size/answers.ts';
import { createWritingHandler, type WritingHandler } from '../../../bench/store-requests/writing-handlers.ts';
import { DynamoDbStore, type HttpOptions, type IdempotentContext, idempotent } from '../../../lib/index.ts';
import { requestsOf } from '../../support/counted-requests.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { warmCacheLoaded } from '../../support/warm-cache-loaded.ts';

interface Cost {
  readonly answer: unknown;
  readonly requests: readonly string[];
}
type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;
type Work = (context: IdempotentContext) => unknown;
interface Sandbox {
  send(key?: string, changes?: Parameters<typeof httpApiEvent>[0]): Promise<Cost>;
}

const PEAR = { body: { sku: 'pear' } };
const CREATED = { statusCode: 201, body: 'done' };
const REPLAYED = { statusCode: 200, headers: { 'Idempotent-Replayed': 'true' } };
const status = (statusCode: number) => ({ statusCode });
const FIRST_RUN = ['PutItem', 'UpdateItem'];

let tables: { readonly tableName: string; readonly dataTable: string };
const clients: DynamoDBClient[] = [];
const held: { finish(): Promise<unknown> }[] = [];

beforeAll(async () => {
  await warmCacheLoaded();
  tables = { tableName: await createIdempotencyTable(), dataTable: await createIdempotencyTable() };
});
afterEach(async () => {
  await Promise.all(held.splice(0).map(({ finish }) => finish()));
});
afterAll(() => {
  for (const client of clients) client.destroy();
});

/** A client and a guard of its own. What throws is the answer, too. */
function sandboxOf(handlerOn: (client: DynamoDBClient) => Handler): Sandbox {
  const client = testClient();
  clients.push(client);
  const handler = handlerOn(client);
  return {
    send: async (key, changes = {}) => {
      let answer: unknown;
      const event = httpApiEvent(key === undefined ? changes : { key, ...changes });
      const requests = await requestsOf(client, async () => {
        answer = await handler(event, lambdaContext()).catch((error: unknown) => error);
      });
      return { answer, requests };
    },
  };
}

const sandbox = (options: HttpOptions<APIGatewayProxyEventV2> = {}, work: Work = () => CREATED) =>
  sandboxOf((client) => {
    const store = new DynamoDbStore({ tableName: tables.tableName, client });
    const guarded = idempotent<APIGatewayProxyEventV2, unknown>(
      async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => work(context),
      { store, namespace: 'counts', onEvent: () => {}, ...options },
    );
    return (event, context) => guarded(event, context as IdempotentContext) as Promise<unknown>;
  });

const writing = (name: WritingHandler) =>
  sandboxOf((client) => createWritingHandler(name, { client, ...tables }));

/** An attempt whose handler has begun, and ends when it is told to, or when the test does. */
async function running(key: string, options: HttpOptions<APIGatewayProxyEventV2> = {}) {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let ended: Promise<Cost> | undefined;
  await new Promise<void>((entered) => {
    ended = sandbox(options, async () => {
      entered();
      await released;
      return CREATED;
    }).send(key);
  });
  const attempt = {
    finish: () => {
      release();
      return ended ?? Promise.resolve();
    },
  };
  held.push(attempt);
  return attempt;
}

/** An attempt whose lease was over an hour ago. */
const lapsed = (key: string) => running(key, { now: () => Date.now() - 3_600_000 });

/** The cost of the request that comes after a completed one, in the same sandbox. */
async function afterFirst(
  { send }: Sandbox,
  key: string,
  changes?: Parameters<Sandbox['send']>[1],
): Promise<Cost> {
  expect((await send(key)).answer).toMatchObject({ statusCode: expect.any(Number) });
  return send(key, changes);
}

async function waitingFor(key: string, pausesMax: number): Promise<Cost> {
  const first = await running(key);
  let pauses = 0;
  const sleep = async (_ms: number, alarm?: AbortSignal) => {
    if (alarm !== undefined) return new Promise(() => {});
    pauses += 1;
    if (pauses === pausesMax) await first.finish();
    return undefined;
  };
  return sandbox({ onInProgress: { waitMs: 5000 }, sleep }).send(key);
}

const failing = () => {
  throw new Error('failed');
};
const picture = () => sizedAnswer('picture', 1024 * 1024);

test.each<[outcome: string, requests: string[], answer: object, send: (key: string) => Promise<Cost>]>([
  ['a first run', FIRST_RUN, CREATED, (key) => sandbox().send(key)],
  ['a duplicate', ['PutItem'], REPLAYED, (key) => afterFirst(sandbox(), key)],
  ['another payload', ['PutItem'], status(422), (key) => afterFirst(sandbox(), key, PEAR)],
  [
    'a duplicate while the first runs',
    ['PutItem'],
    status(409),
    async (key) => {
      await running(key);
      return sandbox().send(key);
    },
  ],
  [
    'another payload while the first runs',
    ['PutItem'],
    status(422),
    async (key) => {
      await running(key);
      return sandbox().send(key, PEAR);
    },
  ],
  [
    'a duplicate that waits for three pauses',
    ['PutItem', 'GetItem', 'GetItem', 'GetItem'],
    REPLAYED,
    (key) => waitingFor(key, 3),
  ],
  [
    'a handler that throws',
    ['PutItem', 'DeleteItem'],
    { message: 'failed' },
    (key) => sandbox({}, failing).send(key),
  ],
  [
    'a handler that answers 500',
    ['PutItem', 'DeleteItem'],
    status(500),
    (key) => sandbox({}, () => status(500)).send(key),
  ],
  ['no key', [], status(400), () => sandbox().send()],
  ['a malformed key', [], status(400), () => sandbox().send('ä')],
  ['no key where none is required', [], CREATED, () => sandbox({ keyRequired: false }).send()],
  ['a method that needs no guard', [], CREATED, (key) => sandbox().send(key, { method: 'GET' })],
  [
    'a takeover',
    ['PutItem', 'UpdateItem', 'UpdateItem'],
    CREATED,
    async (key) => {
      await lapsed(key);
      return sandbox().send(key);
    },
  ],
  [
    'a lapsed lease with onUncertain: block',
    ['PutItem'],
    status(409),
    async (key) => {
      await lapsed(key);
      return sandbox({ onUncertain: 'block' }).send(key);
    },
  ],
  ['with a warm cache: a first run', FIRST_RUN, CREATED, (key) => sandbox({ cache: true }).send(key)],
  ['with a warm cache: a duplicate', [], REPLAYED, (key) => afterFirst(sandbox({ cache: true }), key)],
  [
    'with a warm cache: another payload',
    [],
    status(422),
    (key) => afterFirst(sandbox({ cache: true }), key, PEAR),
  ],
  [
    'with a warm cache: the first duplicate in another sandbox',
    ['PutItem'],
    REPLAYED,
    async (key) => {
      await sandbox({ cache: true }).send(key);
      return sandbox({ cache: true }).send(key);
    },
  ],
  [
    'with a warm cache: the second duplicate in another sandbox',
    [],
    REPLAYED,
    async (key) => {
      await sandbox({ cache: true }).send(key);
      return afterFirst(sandbox({ cache: true }), key);
    },
  ],
  [
    'two steps',
    ['PutItem', 'UpdateItem', 'UpdateItem', 'UpdateItem'],
    CREATED,
    (key) =>
      sandbox({}, async ({ idempotency: { step } }) => {
        await step('one', async () => 1);
        await step('two', async () => 2);
        return CREATED;
      }).send(key),
  ],
  [
    'a result in two chunks: a first run',
    ['PutItem', 'PutItem', 'PutItem', 'UpdateItem'],
    status(200),
    (key) => sandbox({}, picture).send(key),
  ],
  [
    'a result in two chunks: a duplicate',
    ['PutItem', 'GetItem', 'GetItem'],
    REPLAYED,
    (key) => afterFirst(sandbox({}, picture), key),
  ],
  // A handler that puts one row, its own request included.
  [
    'a row of the handler: a first run',
    ['PutItem', 'PutItem', 'UpdateItem'],
    status(201),
    (key) => writing('lock').send(key),
  ],
  ['a row of the handler: a duplicate', ['PutItem'], REPLAYED, (key) => afterFirst(writing('lock'), key)],
  [
    'a row in commit: a first run',
    ['PutItem', 'TransactWriteItems'],
    status(201),
    (key) => writing('lock and commit').send(key),
  ],
  [
    'a row in commit: a duplicate',
    ['PutItem'],
    REPLAYED,
    (key) => afterFirst(writing('lock and commit'), key),
  ],
  [
    'single write with a row: a first run',
    ['TransactWriteItems'],
    status(201),
    (key) => writing('single write').send(key),
  ],
  [
    'single write with a row: a duplicate',
    ['TransactWriteItems'],
    REPLAYED,
    (key) => afterFirst(writing('single write'), key),
  ],
  [
    'single write without a row: a first run',
    ['PutItem'],
    CREATED,
    (key) => sandbox({ strategy: 'single-write' }).send(key),
  ],
  [
    'single write without a row: a duplicate',
    ['PutItem'],
    REPLAYED,
    (key) => afterFirst(sandbox({ strategy: 'single-write' }), key),
  ],
])('%s sends %p', async (_outcome, requests, answer, send) => {
  const cost = await send(randomUUID());
  expect(cost.requests).toEqual(requests);
  expect(cost.answer).toMatchObject(answer);
});
