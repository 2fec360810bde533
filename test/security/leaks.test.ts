import { brotliDecompressSync } from 'node:zlib';
import { Logger } from '@aws-lambda-powertools/logger';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { createAddToCartHandler } from '../../functions/add-to-cart/add-to-cart.ts';
import { DynamoDbCart } from '../../functions/add-to-cart/cart.ts';
import { DynamoDbCartLines } from '../../functions/list-cart/lines.ts';
import { createListCartHandler } from '../../functions/list-cart/list-cart.ts';
import {
  DynamoDbStore,
  type IdempotencyErrorCode,
  type IdempotencyEvent,
  type IdempotentContext,
  MemoryStore,
} from '../../lib/index.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { allItems } from '../support/all-items.ts';
import { createCartTable, createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { startEchoingEngine } from './echoing-engine.ts';
import { playEveryOutcome } from './every-outcome.ts';
import { markersIn, shown, writtenDuring } from './leaks.ts';
import { FORMS, MARKERS, type MarkedPlay } from './marked-play.ts';

let client: DynamoDBClient;
let intruder: DynamoDBClient;

beforeAll(() => {
  client = testClient();
  intruder = testClient();
});
afterAll(() => {
  client.destroy();
  intruder.destroy();
});

/** No result of the play takes more than one chunk, so that each can be unpacked by itself. */
function legible(data: AttributeValue | undefined): string {
  return data?.B === undefined ? shown(data) : brotliDecompressSync(data.B).toString();
}

test('the search finds a marker in every spelling and place in which one could leak', () => {
  const { key } = MARKERS;
  const encoded = Buffer.from(`{"key":"${key}"}`);
  for (const text of [key, key.toUpperCase(), encoded.toString('base64'), encoded.toString('hex')]) {
    expect(markersIn(`... ${text} ...`)).toEqual(['key']);
  }
  const hidden = Object.defineProperty(new Error('x', { cause: new Error(key) }), 'secret', { value: key });
  expect(markersIn(shown(hidden))).toEqual(['key']);
  expect(markersIn('nothing of the kind')).toEqual([]);
});

/** The play waits for leases and for an address where nobody listens, on machines that have other things to do. */
jest.setTimeout(60_000);

describe.each(FORMS)('over every outcome of the %s', (form) => {
  let play: MarkedPlay;
  let written: string;
  let tableName: string;

  beforeAll(async () => {
    tableName = await createIdempotencyTable();
    written = await writtenDuring(async () => {
      play = await playEveryOutcome(form, {
        client,
        intruder,
        tableName,
        dataTable: await createIdempotencyTable(),
      });
    });
  });

  test('the play leaves no kind of event out', () => {
    const kinds: Readonly<Record<IdempotencyEvent['type'], true>> = {
      acquired: true,
      replayed: true,
      'in-progress': true,
      waited: true,
      mismatch: true,
      uncertain: true,
      reconciled: true,
      completed: true,
      released: true,
      suspended: true,
      'step-recorded': true,
      'step-skipped': true,
      renewed: true,
      'lease-lost': true,
      'in-doubt': true,
      superseded: true,
      'condition-failed': true,
      'store-failed': true,
      unguarded: true,
      'store-call': true,
    };
    expect(new Set(play.events.map(({ type }) => type))).toEqual(new Set(Object.keys(kinds)));
    const failures = play.events.flatMap((event) => (event.type === 'store-failed' ? [event.during] : []));
    expect(new Set(failures)).toEqual(
      new Set(['claim', 'renew', 'step', 'block', 'complete', 'commit', 'release', 'read']),
    );
  });

  test('the play leaves no error out that a caller can be told of', () => {
    // Those of locks are no part of it.
    type ToldElsewhere = 'RESULT_TOO_LARGE' | 'LOCK_NOT_ACQUIRED' | 'LEASE_LOST' | 'PERMITS_MISMATCH';
    const codes: Readonly<Record<Exclude<IdempotencyErrorCode, ToldElsewhere>, true>> = {
      KEY_MISSING: true,
      KEY_INVALID: true,
      IN_PROGRESS: true,
      PAYLOAD_MISMATCH: true,
      OUTCOME_UNKNOWN: true,
      SUPERSEDED: true,
      STORE_UNAVAILABLE: true,
      RESULT_NOT_RECORDED: true,
      STEP_NOT_RECORDED: true,
      COMMIT_CONDITION_FAILED: true,
      COMMIT_INVALID: true,
      CONFIGURATION: true,
    };
    const told = play.refusals.flatMap(
      (answer) => /\\"code\\":\\"(\w+)\\"/.exec(JSON.stringify(answer))?.[1] ?? [],
    );
    expect(new Set(told)).toEqual(new Set(Object.keys(codes)));
  });

  test('nothing that is written anywhere carries a key, a payload, a response or a caller', () => {
    // The default listener and the one that throws have been at work.
    expect(written).toContain('the store failed during complete');
    expect(written).toContain('onEvent threw');
    expect(markersIn(written)).toEqual([]);
  });

  test('nor does what the listeners for logs, metrics and traces make of it', () => {
    // Written as well, and searched above.
    expect(written).toContain('"message":"idempotency: store-failed"');
    expect(written).toContain('"IdempotencyCompletionFailed"');
    expect(play.traced.length).toBeGreaterThan(100);
    expect(markersIn(shown(play.traced))).toEqual([]);
  });

  test('no event that a listener is told of does, nor an error within it, down to its causes', () => {
    for (const event of play.events) expect([event.type, markersIn(shown(event))]).toEqual([event.type, []]);
  });

  test('no error that is thrown does, down to its causes', () => {
    expect(play.errors.length).toBeGreaterThan(0);
    for (const error of play.errors) expect(markersIn(shown(error))).toEqual([]);
  });

  test('no refusal repeats what the client sent', () => {
    for (const answer of play.refusals) expect(markersIn(shown(answer))).toEqual([]);
  });

  test('no refusal tells of the inside: no stack, file, address, table or engine', () => {
    expect(play.refusals.length).toBeGreaterThan(10);
    for (const answer of play.refusals) {
      expect(JSON.stringify(answer)).not.toMatch(
        /\bat \S+ ?\(|:\d+:\d+|\.[jt]s\b|node_modules|no-such-table|127\.0\.0\.1|ECONN|dynamo|Exception|arn:|test#/i,
      );
    }
  });

  test('the table holds the response in `data` and in steps, and none of the rest anywhere', async () => {
    const items = await allItems(client, tableName);
    expect(items.length).toBeGreaterThan(5);
    for (const { data, 'step:charge': step, ...rest } of items) {
      expect(markersIn(shown(rest))).toEqual([]);
      expect(rest['id']?.S).toMatch(/^test#[A-Za-z0-9_-]{43}(#chunk#[0-9a-f-]{36}#\d)?$/);
      expect(markersIn(legible(data) + shown(step)).filter((name) => name !== 'response')).toEqual([]);
    }
    // As text, compressed, and compressed in chunks.
    const responses = items.filter(({ data }) => markersIn(legible(data)).includes('response'));
    const forms = responses.map(({ data, status }) => `${Object.keys(data ?? {})} ${status?.S}`);
    expect(forms).toEqual(expect.arrayContaining(['S COMPLETED', 'B COMPLETED', 'B CHUNK']));
  });
});

describe('the sample, with its logger at the lowest level', () => {
  const sampleLogger = () => new Logger({ serviceName: 'test', logLevel: 'TRACE' });

  test('logs what happened when a line is added, and neither key nor payload nor answer', async () => {
    const store = new DynamoDbStore({ client, tableName: await createIdempotencyTable() });
    const cartTable = await createCartTable();
    const written = await writtenDuring(async () => {
      const logger = sampleLogger();
      const handlerOf = (tableName: string) =>
        createAddToCartHandler({
          cart: new DynamoDbCart({ client, tableName }),
          logger,
          idempotencyOptions: { store },
        });
      const send = (tableName: string, key: string, body: unknown) =>
        // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
        handlerOf(tableName)(httpApiEvent({ key, body }), lambdaContext() as Context as IdempotentContext);
      const good = { cartId: MARKERS.payload, sku: MARKERS.payload, quantity: 1 };

      await send(cartTable, MARKERS.key, good);
      await send(cartTable, MARKERS.key, good);
      await send(cartTable, MARKERS.key, { ...good, quantity: 2 });
      await send(cartTable, `${MARKERS.key}-2`, { ...good, [MARKERS.payload]: MARKERS.payload });
      await send(cartTable, `${MARKERS.key}-3`, `{"${MARKERS.payload}`);
      await send('no-such-table', `${MARKERS.key}-4`, good);
    });
    expect(written).toContain('line added');
    expect(written).toContain('request failed');
    expect(markersIn(written)).toEqual([]);
  });

  test('logs nothing of a cart that is listed, nor of one that cannot be', async () => {
    const tables = [await createCartTable(), 'no-such-table'];
    const written = await writtenDuring(async () => {
      const logger = sampleLogger();
      for (const tableName of tables) {
        const list = createListCartHandler({
          cartLines: new DynamoDbCartLines({ client, tableName }),
          logger,
        });
        for (const cartId of [MARKERS.payload, `${MARKERS.payload}/`, undefined]) {
          const event = {
            ...httpApiEvent({ method: 'GET', path: `/cart/${cartId}` }),
            pathParameters: { cartId },
          };
          await list(event, lambdaContext());
        }
      }
    });
    expect(written).toContain('request failed');
    expect(markersIn(written)).toEqual([]);
  });

  test.each([
    ['add-to-cart', 'PutItem'],
    ['list-cart', 'Query'],
  ])('%s logs the name of an error and not what a %s that failed has quoted', async (name, refused) => {
    const { endpoint, close } = await startEchoingEngine(refused);
    const echoed = createEngineClient(endpoint, { maxAttempts: 1 });
    const written = await writtenDuring(async () => {
      const logger = sampleLogger();
      const table = { client: echoed, tableName: 'cart' };
      const body = { cartId: MARKERS.payload, sku: MARKERS.payload, quantity: 1 };
      const addToCart = createAddToCartHandler({
        cart: new DynamoDbCart(table),
        logger,
        idempotencyOptions: { store: new MemoryStore() },
      });
      const listCart = createListCartHandler({ cartLines: new DynamoDbCartLines(table), logger });
      const event = {
        ...httpApiEvent({ key: MARKERS.key, body }),
        pathParameters: { cartId: MARKERS.payload },
      };
      // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
      const context = lambdaContext() as Context as IdempotentContext;
      const answer = await (name === 'list-cart' ? listCart : addToCart)(event, context);
      expect(answer).toMatchObject({ statusCode: 500 });
      expect(markersIn(shown(answer))).toEqual([]);
    });
    echoed.destroy();
    await close();
    expect(written).toContain('request failed');
    expect(written).toContain('ValidationException');
    expect(markersIn(written)).toEqual([]);
  });
});
