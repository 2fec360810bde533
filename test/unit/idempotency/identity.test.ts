import { beforeEach, describe, expect, test } from '@jest/globals';
import { openDynamoDbStore } from '../../../lib/idempotency/default-store.ts';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import type { HttpOptions } from '../../../lib/idempotency/options.ts';
import { resolveOptions as resolve } from '../../../lib/idempotency/resolved-options.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';

const resolveOptions = (options: Parameters<typeof resolve>[0]) => resolve(options, openDynamoDbStore);

interface Order {
  readonly orderId: string;
  readonly amount: number;
}

let store: MemoryStore;
let events: IdempotencyEvent[];
let runs: number;
beforeEach(() => {
  store = new MemoryStore();
  events = [];
  runs = 0;
});

const onEvent = (event: IdempotencyEvent) => {
  events.push(event);
};
const identity = async ({ orderId, amount }: Order) => ({
  id: `mine#${orderId}`,
  fingerprint: String(amount),
});
const context = lambdaContext();

describe('with the option `identity`', () => {
  test('the record has the id and the fingerprint that it names', async () => {
    const charge = idempotent(async (_order: Order) => ++runs, { store, identity });
    expect(await charge({ orderId: 'o1', amount: 9 }, context)).toBe(1);
    expect(await charge({ orderId: 'o1', amount: 9 }, context)).toBe(1);
    expect(await store.read('mine#o1')).toMatchObject({ status: 'COMPLETED', fingerprint: '9' });
    await expect(charge({ orderId: 'o1', amount: 8 }, context)).rejects.toMatchObject({
      code: 'PAYLOAD_MISMATCH',
    });
    expect(runs).toBe(1);
  });

  test('an event without one runs unguarded, and says so', async () => {
    const charge = idempotent(async (_order: Order) => ++runs, { store, onEvent, identity: () => undefined });
    await charge({ orderId: 'o1', amount: 9 }, context);
    await charge({ orderId: 'o1', amount: 9 }, context);
    expect(runs).toBe(2);
    expect(events).toContainEqual({ type: 'unguarded', reason: 'no-key' });
  });

  test.each([
    [{ id: '', fingerprint: '' }],
    [{ id: 7, fingerprint: '' }],
    [{ id: 'a' }],
    [{ id: 'a', fingerprint: 7 }],
    ['a'],
    [null],
  ])('%j is no identity, and nothing runs', async (wrong) => {
    const charge = idempotent(async (_order: Order) => ++runs, { store, identity: () => wrong as never });
    const refused = expect(charge({ orderId: 'o1', amount: 9 }, context)).rejects;
    await refused.toBeInstanceOf(ConfigurationError);
    await refused.toThrow(/^The option `identity` must return \{ id, fingerprint \}, two strings/);
    expect(runs).toBe(0);
  });

  describe('an HTTP request', () => {
    const guarded = (options: HttpOptions = {}) =>
      idempotent(async (_event: unknown) => ({ statusCode: 201, body: `run ${++runs}` }), {
        store,
        onEvent,
        identity: () => ({ id: 'mine#1', fingerprint: '' }),
        ...options,
      });

    test('is guarded whatever its method, without a key of its own, and replayed as HTTP', async () => {
      const put = httpApiEvent({ method: 'PUT' });
      await guarded()(put, context);
      expect(await guarded()(put, context)).toMatchObject({
        statusCode: 200,
        headers: { 'Idempotent-Replayed': 'true' },
        body: 'run 1',
      });
    });

    test('is guarded by method where `methods` says so', async () => {
      const options = { methods: ['POST'] };
      await guarded(options)(httpApiEvent({ method: 'PUT' }), context);
      expect(events).toContainEqual({ type: 'unguarded', reason: 'method' });
      await guarded(options)(httpApiEvent({ method: 'POST' }), context);
      expect(await store.read('mine#1')).toMatchObject({ status: 'COMPLETED' });
    });

    test.each([
      ['an HTTP request', httpApiEvent(), []],
      ['any other event', { orderId: 'o1' }, ['saved']],
    ])(
      'without an identity, as %s, has its writes sent if its answer is a result',
      async (_, event, sent) => {
        const applied: unknown[] = [];
        const answering = idempotent(
          async (_event: unknown, { idempotency }: IdempotentContext) => {
            idempotency.commit([{ Put: { TableName: 'rows', Item: { id: 'saved' } } }]);
            return { statusCode: 502 }; // For HTTP a failure, and elsewhere data like any other.
          },
          {
            store: new MemoryStore({
              applyWrites: (writes) => {
                applied.push(...writes);
                return [];
              },
            }),
            onEvent,
            identity: () => undefined,
          },
        );
        await answering(event, context);
        expect(applied).toHaveLength(sent.length);
      },
    );

    test('is told from an event of another kind, which has no method to look at', async () => {
      const charge = idempotent(async (_order: Order) => ++runs, {
        store,
        identity,
        methods: ['POST'],
      } as never);
      expect(await charge({ orderId: 'o1', amount: 9 }, context)).toBe(1);
      expect(await store.read('mine#o1')).toMatchObject({ status: 'COMPLETED' });
    });

    test('gets a problem document where it is refused', async () => {
      const failing = guarded({
        identity: () => {
          throw new ConfigurationError('no');
        },
      });
      expect(await failing(httpApiEvent(), context)).toMatchObject({ statusCode: 500 });
    });

    test('gives its key back with a 5xx', async () => {
      const failing = idempotent(async (_event: unknown) => ({ statusCode: 502 }), {
        store,
        identity: () => ({ id: 'mine#1', fingerprint: '' }),
      });
      await failing(httpApiEvent(), context);
      expect(await store.read('mine#1')).toBeUndefined();
    });
  });

  test.each([
    ['key', () => 'k'],
    ['fingerprint', () => 'f'],
    ['caller', () => 'c'],
    ['namespace', 'n'],
    ['keyHeader', 'X-Key'],
    ['keyRequired', false],
  ])('"%s" has no say, and throws beside it', (name, value) => {
    const options = { store, identity: () => undefined, [name]: value };
    expect(() => resolveOptions(options)).toThrow(`Options "identity" and "${name}" contradict each other`);
  });

  test('anything but a function throws', () => {
    expect(() => resolveOptions({ store, identity: 'id' as never })).toThrow(
      'Option "identity" must be a function',
    );
  });
});
