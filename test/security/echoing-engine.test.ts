/** What users log are our errors, with their causes: an engine that quotes records must not speak through them. */
import { describe, expect, test } from '@jest/globals';
import {
  DynamoDbStore,
  type IdempotencyEvent,
  type IdempotencyStore,
  idempotent,
  isIdempotencyError,
} from '../../lib/index.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { leanStore } from '../support/lean.ts';
import { REFUSALS, type Refusal, sendForeignItem, sendJson, startEchoingEngine } from './echoing-engine.ts';
import { markersIn, shown, writtenDuring } from './leaks.ts';
import { answered, failed, MARKERS } from './marked-play.ts';

/** Each that reads replies of DynamoDB's. */
const STORES = {
  'the SDK': (endpoint: string) => {
    const client = createEngineClient(endpoint, { maxAttempts: 1 });
    return { store: new DynamoDbStore({ client, tableName: 'carts' }), close: () => client.destroy() };
  },
  './lean': (endpoint: string) => {
    const store = leanStore({ endpoint, tableName: 'carts', maxAttempts: 1 });
    return { store, close: () => store.destroy() };
  },
};

describe.each(['the SDK', './lean'] as const)('through %s,', (through) => {
  async function withStore<T>(
    refused: string,
    refuse: Refusal,
    body: (store: IdempotencyStore) => Promise<T>,
  ): Promise<T> {
    const engine = await startEchoingEngine(refused, refuse);
    const { store, close } = STORES[through](engine.endpoint);
    try {
      return await body(store);
    } finally {
      close();
      await engine.close();
    }
  }

  describe.each(REFUSALS)('%s', (_name, refuse) => {
    test.each([
      ['acquire', 'PutItem', answered],
      ['complete', 'UpdateItem', answered],
      ['release', 'DeleteItem', failed],
    ])('at %s shows in no event, error, answer or log', async (_step, operation, work) => {
      const seen: unknown[] = [];
      const listeners = [(event: IdempotencyEvent) => seen.push(event), undefined];
      const written = await writtenDuring(() =>
        withStore(operation, refuse, async (store) => {
          for (const onEvent of listeners) {
            const options = { store, namespace: 'test', ...(onEvent === undefined ? {} : { onEvent }) };
            const event = httpApiEvent({ key: MARKERS.key, body: { sku: MARKERS.payload } });
            const answer = await idempotent<unknown, unknown>(work, options)(event, lambdaContext()).catch(
              (error: unknown) => error,
            );
            // The handler's own answer is for its caller; all else is looked at.
            if (JSON.stringify(answer) !== JSON.stringify(await answered())) seen.push(answer);
          }
        }),
      );
      expect(JSON.stringify(seen)).toContain('store-failed');
      expect(written).toContain('lambda-idempotency: the store failed');
      expect(markersIn(shown(seen))).toEqual([]);
      expect(markersIn(written)).toEqual([]);
    });
  });

  test.each([...REFUSALS, ['an item that is no record', sendForeignItem] as const])(
    '%s, in answer to a read, shows in no error',
    async (_name, refuse) => {
      const error = await withStore('GetItem', refuse, (store) =>
        store.read('test#1').catch((e: unknown) => e),
      );
      expect(isIdempotencyError(error)).toBe(true);
      expect(markersIn(shown(error))).toEqual([]);
    },
  );

  describe('what is left of an error for whoever has to find the fault', () => {
    const failureOf = (name: string, message: string) => {
      const refuse: Refusal = (response) => {
        response.setHeader('x-amzn-requestid', 'REQUEST1');
        sendJson(response, 400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message });
      };
      return withStore('GetItem', refuse, (store) => store.read('test#1').catch((error: unknown) => error));
    };

    test('are its name, the status and the id of the request at AWS', async () => {
      expect(await failureOf('AnExceptionOfTomorrow', 'quotes')).toMatchObject({
        message: expect.stringContaining('(AnExceptionOfTomorrow)'),
        cause: {
          name: 'AnExceptionOfTomorrow',
          message: expect.not.stringContaining('quotes'),
          $metadata: { httpStatusCode: 400, requestId: 'REQUEST1' },
        },
      });
    });

    test('is its message where that tells who may not do what', async () => {
      const message = 'User: arn:aws:sts::1:assumed-role/cart is not authorized to perform: dynamodb:GetItem';
      expect(await failureOf('AccessDeniedException', message)).toMatchObject({
        message: expect.stringContaining('"carts"'),
        cause: { name: 'AccessDeniedException', message },
      });
    });

    test('is what a table must look like where it refuses our records', async () => {
      expect(await failureOf('ValidationException', 'The provided key element is wrong')).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(/"carts".*partition key "id"/),
      });
    });
  });
});
