import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import {
  ConfigurationError,
  InProgressError,
  isIdempotencyError,
  KeyInvalidError,
  PayloadMismatchError,
  ResultNotRecordedError,
  StoreError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';

interface Message {
  readonly messageId: string;
  readonly body?: unknown;
}

let store: MemoryStore;
let runs: number;

beforeEach(() => {
  store = new MemoryStore();
  runs = 0;
});

const byMessage = { key: (message: Message) => message.messageId };

test('what is no function is refused at once, and not when the first request comes', () => {
  const missing = undefined as unknown as () => Promise<void>;
  expect(() => idempotent(missing, { store })).toThrow(TypeError);
  expect(() => idempotent(missing, { store })).toThrow(/function to guard/);
});

describe('idempotent(fn, { key })', () => {
  test('runs a message once and gives every redelivery the first result', async () => {
    const charge = idempotent(async (_message: Message) => ({ run: ++runs }), { store, ...byMessage });
    expect(await charge({ messageId: 'm1' }, lambdaContext())).toEqual({ run: 1 });
    expect(await charge({ messageId: 'm1' }, lambdaContext())).toEqual({ run: 1 });
    expect(await charge({ messageId: 'm2' }, lambdaContext())).toEqual({ run: 2 });
  });

  test('needs no Lambda context', async () => {
    const job = idempotent(
      async (_message: Message, context: { idempotency: { attempt: number } } | undefined) =>
        context?.idempotency.attempt,
      {
        store,
        ...byMessage,
      },
    );
    // A job outside Lambda has no context to hand over, or one of its own.
    expect(await job({ messageId: 'm1' }, undefined)).toBe(1);
    expect(await job({ messageId: 'm2' }, { idempotency: { attempt: 7 } })).toBe(1);
  });

  test('a delivery beside a running one is refused with an error, so that the source delivers it again', async () => {
    let finish = () => {};
    const slow = idempotent(
      (_message: Message) =>
        new Promise<string>((resolve) => {
          finish = () => resolve('done');
        }),
      { store, ...byMessage },
    );
    const first = slow({ messageId: 'm1' }, lambdaContext());
    await expect(slow({ messageId: 'm1' }, lambdaContext())).rejects.toThrow(InProgressError);
    finish();
    expect(await first).toBe('done');
    expect(await slow({ messageId: 'm1' }, lambdaContext())).toBe('done');
  });

  test('gives the key back when the function throws, and throws the same error', async () => {
    const failure = new Error('out of stock');
    const flaky = idempotent(
      async (_message: Message) => {
        runs += 1;
        if (runs === 1) throw failure;
        return runs;
      },
      { store, ...byMessage },
    );
    await expect(flaky({ messageId: 'm1' }, lambdaContext())).rejects.toBe(failure);
    expect(await flaky({ messageId: 'm1' }, lambdaContext())).toBe(2);
  });

  test('also when it throws before it returns a promise', async () => {
    const broken = idempotent(
      (_message: Message): string => {
        throw new Error(`run ${++runs}`);
      },
      { store, ...byMessage },
    );
    await expect(broken({ messageId: 'm1' }, lambdaContext())).rejects.toThrow('run 1');
    await expect(broken({ messageId: 'm1' }, lambdaContext())).rejects.toThrow('run 2');
  });

  test('an error that is marked as telling nothing keeps the key locked', async () => {
    const unclear = idempotent(
      async (_message: Message): Promise<never> => {
        throw outcomeUnknown(new Error('the payment service did not answer'));
      },
      { store, ...byMessage },
    );
    await expect(unclear({ messageId: 'm1' }, lambdaContext())).rejects.toThrow('did not answer');
    await expect(unclear({ messageId: 'm1' }, lambdaContext())).rejects.toThrow(InProgressError);
  });

  test('so does a result that is marked, and the caller gets it all the same', async () => {
    const unclear = idempotent(async (_message: Message) => outcomeUnknown({ asked: true }), {
      store,
      ...byMessage,
    });
    expect(await unclear({ messageId: 'm1' }, lambdaContext())).toEqual({ asked: true });
    await expect(unclear({ messageId: 'm1' }, lambdaContext())).rejects.toThrow(InProgressError);
  });

  test('compares payloads where it is told what must be the same', async () => {
    const charge = idempotent(async (_message: Message) => ++runs, {
      store,
      ...byMessage,
      fingerprint: (message) => message.body,
    });
    await charge({ messageId: 'm1', body: { amount: 1, currency: 'EUR' } }, lambdaContext());
    await charge({ messageId: 'm1', body: { currency: 'EUR', amount: 1 } }, lambdaContext());
    await expect(charge({ messageId: 'm1', body: { amount: 2 } }, lambdaContext())).rejects.toThrow(
      PayloadMismatchError,
    );
    expect(runs).toBe(1);
  });

  test('compares nothing otherwise, and writes no fingerprint that a later release could disagree with', async () => {
    const ids: string[] = [];
    const onEvent = (event: IdempotencyEvent) => 'id' in event && ids.push(event.id);
    const charge = idempotent(async (_message: Message) => ++runs, { store, ...byMessage, onEvent });
    await charge({ messageId: 'm1', body: { delivery: 1 } }, lambdaContext());
    expect(await charge({ messageId: 'm1', body: { delivery: 2 } }, lambdaContext())).toBe(1);
    expect(await store.read(ids[0] ?? '')).toMatchObject({ fingerprint: '' });
  });

  test('an error in the user’s own `key` comes out as it is, and nothing runs', async () => {
    const failure = new TypeError('no such property');
    const key = () => {
      throw failure;
    };
    const charge = idempotent(async (_message: Message) => ++runs, { store, key });
    await expect(charge({ messageId: 'm1' }, lambdaContext())).rejects.toBe(failure);
    expect(runs).toBe(0);
  });

  test('runs without a lock where there is no key', async () => {
    const charge = idempotent(async (_message: Message) => ++runs, { store, key: () => undefined });
    await charge({ messageId: 'm1' }, lambdaContext());
    await charge({ messageId: 'm1' }, lambdaContext());
    expect(runs).toBe(2);
  });

  test.each(['', 7, null, {}])('refuses %p as a key', async (key) => {
    const charge = idempotent(async (_message: Message) => ++runs, { store, key: () => key as string });
    await expect(charge({ messageId: 'm1' }, lambdaContext())).rejects.toThrow(KeyInvalidError);
    await expect(charge({ messageId: 'm1' }, lambdaContext())).rejects.toThrow(/option `key`/);
    expect(runs).toBe(0);
  });

  test('does not run without a record', async () => {
    const failure = new TypeError('socket closed');
    const down = interceptedStore(store, () => Promise.reject(failure));
    const charge = idempotent(async (_message: Message) => ++runs, {
      store: down,
      ...byMessage,
      onEvent: () => {},
    });
    const refused = charge({ messageId: 'm1' }, lambdaContext());
    await expect(refused).rejects.toThrow(StoreError);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining('store failed'),
      cause: failure,
    });
    expect(runs).toBe(0);
  });

  class Money {
    readonly amount = 12;
  }
  test.each([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['an empty string', ''],
    ['zero', 0],
    ['an array', [1, null, 'x']],
    ['undefined members', { a: undefined, b: 1 }],
    ['a date', { at: new Date(0) }],
    ['a class instance', new Money()],
    ['NaN', { ratio: Number.NaN }],
    ['an unsafe integer', { n: 2 ** 60 }],
    ['an empty set', { tags: new Set() }],
    ['bytes', { bytes: Buffer.from([1, 2]) }],
    ['a symbol, of which JSON has nothing to say,', Symbol('done')],
  ])('records %s as the JSON that Lambda would have sent', async (_, result) => {
    const once = idempotent(async (_message: Message): Promise<unknown> => result, { store, ...byMessage });
    const text: string | undefined = JSON.stringify(result);
    const asSent = text === undefined ? undefined : JSON.parse(text);
    await once({ messageId: 'm1' }, lambdaContext());
    expect(await once({ messageId: 'm1' }, lambdaContext())).toEqual(asSent);
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
  ])('says in the record that %s is none', async (_, result) => {
    const ids: string[] = [];
    const onEvent = (event: IdempotencyEvent) => 'id' in event && ids.push(event.id);
    const once = idempotent(async (_message: Message): Promise<unknown> => result, {
      store,
      ...byMessage,
      onEvent,
    });
    await once({ messageId: 'm1' }, lambdaContext());
    expect(await store.read(ids[0] ?? '')).toMatchObject({
      status: 'COMPLETED',
      result: { kind: 'undefined' },
    });
  });

  test('a result that has no JSON completes the key all the same, and duplicates are told so', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const once = idempotent(
      async (_message: Message) => {
        runs += 1;
        return cyclic;
      },
      { store, ...byMessage, onEvent: () => {} },
    );
    expect(await once({ messageId: 'm1' }, lambdaContext())).toBe(cyclic);
    const duplicate = once({ messageId: 'm1' }, lambdaContext());
    await expect(duplicate).rejects.toThrow(ResultNotRecordedError);
    await expect(duplicate).rejects.toMatchObject({
      code: 'RESULT_NOT_RECORDED',
      retryable: false,
      reason: 'not-serializable',
    });
    expect(runs).toBe(1);
  });

  test('so does a result that is too large for the store', async () => {
    const small = new MemoryStore({ maxResultBytes: 100 });
    const once = idempotent(async (_message: Message) => 'x'.repeat(100 * ++runs), {
      store: small,
      ...byMessage,
    });
    expect(await once({ messageId: 'm1' }, lambdaContext())).toHaveLength(100);
    await expect(once({ messageId: 'm1' }, lambdaContext())).rejects.toMatchObject({
      code: 'RESULT_NOT_RECORDED',
      reason: 'too-large',
    });
    expect(runs).toBe(1);
  });

  test('a replay is a fresh object, which its receiver may change', async () => {
    const once = idempotent(async (_message: Message) => ({ list: [1] }), { store, ...byMessage });
    await once({ messageId: 'm1' }, lambdaContext());
    (await once({ messageId: 'm1' }, lambdaContext())).list.push(2);
    expect(await once({ messageId: 'm1' }, lambdaContext())).toEqual({ list: [1] });
  });

  test('derives the same keys on every attempt, and others for other names and operations', async () => {
    const seen: string[] = [];
    const failing = idempotent<Message, void, Context>(
      async (_message: Message, { idempotency }: IdempotentContext): Promise<void> => {
        seen.push(idempotency.deriveKey('charge'), idempotency.deriveKey('order'));
        throw new Error('again');
      },
      { store, ...byMessage },
    );
    for (const messageId of ['m1', 'm1', 'm2']) await failing({ messageId }, lambdaContext()).catch(() => {});
    expect(seen.slice(0, 2)).toEqual(seen.slice(2, 4));
    expect(new Set(seen).size).toBe(4);
    for (const key of seen) {
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  test('hands on what else it is called with', async () => {
    const handler = idempotent(
      async (_message: Message, _context: Context, extra: { signal: string }) => extra.signal,
      {
        store,
        ...byMessage,
      },
    );
    expect(await handler({ messageId: 'm1' }, lambdaContext(), { signal: 'abort' })).toBe('abort');
  });

  test('errors of the family are recognised across copies of the package', () => {
    const foreign = Object.assign(new Error('x'), { code: 'IN_PROGRESS', statusCode: 409, retryable: true });
    expect(isIdempotencyError(foreign)).toBe(true);
    expect(isIdempotencyError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
    expect(isIdempotencyError('IN_PROGRESS')).toBe(false);
  });
});

describe('idempotent(fn) on HTTP events', () => {
  const addToCart = async (_event: APIGatewayProxyEventV2) => ({
    statusCode: 201,
    body: JSON.stringify({ run: ++runs }),
  });

  test('answers refusals as problem documents', async () => {
    const handler = idempotent(addToCart, { store });
    expect(await handler(httpApiEvent(), lambdaContext())).toMatchObject({ statusCode: 400 });
    await handler(httpApiEvent({ key: 'k1' }), lambdaContext());
    expect(await handler(httpApiEvent({ key: 'k1' }), lambdaContext())).toMatchObject({
      statusCode: 200,
      body: '{"run":1}',
    });
    expect(await handler(httpApiEvent({ key: 'k1', body: {} }), lambdaContext())).toMatchObject({
      statusCode: 422,
    });
  });

  test('the option `fingerprint` says what must not change, and what may', async () => {
    const fingerprint = ({ body }: APIGatewayProxyEventV2) => JSON.parse(body ?? '{}').sku;
    const handler = idempotent(addToCart, { store, fingerprint });
    const send = (body: object) => handler(httpApiEvent({ key: 'k1', body }), lambdaContext());
    expect(await send({ sku: 'apple', sentAt: 1 })).toMatchObject({ statusCode: 201 });
    expect(await send({ sku: 'apple', sentAt: 2 })).toMatchObject({ statusCode: 200, body: '{"run":1}' });
    expect(await send({ sku: 'pear', sentAt: 3 })).toMatchObject({ statusCode: 422 });
  });

  test('callers whom the option `caller` does not know share one scope', async () => {
    const handler = idempotent(addToCart, { store, caller: () => undefined });
    expect(await handler(httpApiEvent({ key: 'k1' }), lambdaContext())).toMatchObject({ statusCode: 201 });
    expect(await handler(httpApiEvent({ key: 'k1' }), lambdaContext())).toMatchObject({ statusCode: 200 });
  });

  test('an error in the user’s own `caller` comes out as it is, and nothing runs', async () => {
    const failure = new TypeError('no such property');
    const caller = () => {
      throw failure;
    };
    const handler = idempotent(addToCart, { store, caller });
    await expect(handler(httpApiEvent({ key: 'k1' }), lambdaContext())).rejects.toBe(failure);
    expect(runs).toBe(0);
  });

  test('an event that is no HTTP request is an error that says what to do', async () => {
    const handler = idempotent(async (_event: unknown) => ++runs, { store });
    const attempt = handler({ Records: [] }, lambdaContext());
    await expect(attempt).rejects.toThrow(ConfigurationError);
    await expect(attempt).rejects.toThrow(/use idempotent\(fn, \{ key:/);
    expect(runs).toBe(0);
  });

  describe.each(MIDDY_VERSIONS)('as the base handler of Middy $version', ({ middy, cors }) => {
    test('every `after` of the other middlewares runs on replays and refusals too', async () => {
      const handler = middy(idempotent(addToCart, { store })).use(
        cors({ origins: ['https://shop.example'] }),
      );
      const origin = { origin: 'https://shop.example' };
      const allowed = { headers: { 'Access-Control-Allow-Origin': 'https://shop.example' } };
      const event = () => httpApiEvent({ key: 'k1', headers: origin });
      expect(await handler(event(), lambdaContext())).toMatchObject({ statusCode: 201, ...allowed });
      expect(await handler(event(), lambdaContext())).toMatchObject({ statusCode: 200, ...allowed });
      const other = httpApiEvent({ key: 'k1', headers: origin, body: {} });
      expect(await handler(other, lambdaContext())).toMatchObject({ statusCode: 422, ...allowed });
    });

    test('an early time-out of any kind leaves the key to the handler that is still running', async () => {
      let finish = () => {};
      const slow = idempotent(
        (_event: APIGatewayProxyEventV2) =>
          new Promise<{ statusCode: number }>((resolve) => {
            finish = () => resolve({ statusCode: 201 });
          }),
        { store },
      );
      const timeoutEarlyResponse = () => ({ statusCode: 200, body: 'too early' });
      const handler = middy(slow, { timeoutEarlyInMillis: 5, timeoutEarlyResponse });
      expect(await handler(httpApiEvent({ key: 'k1' }), lambdaContext(40))).toMatchObject({
        body: 'too early',
      });
      expect(await handler(httpApiEvent({ key: 'k1' }), lambdaContext())).toMatchObject({ statusCode: 409 });
      finish();
      await new Promise((resolve) => setImmediate(resolve));
      expect(await handler(httpApiEvent({ key: 'k1' }), lambdaContext())).toMatchObject({
        headers: { 'Idempotent-Replayed': 'true' },
      });
    });
  });
});
