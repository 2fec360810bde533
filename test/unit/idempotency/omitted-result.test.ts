/** Results that are not kept, or not found again: the caller has its answer, and nothing runs twice. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ResultNotRecordedError, ResultTooLargeError, StoreError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { HttpOptions } from '../../../lib/idempotency/options.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const event = httpApiEvent({ key: 'k1' });

let store: MemoryStore;
let events: IdempotencyEvent[];
let runs: number;

beforeEach(() => {
  store = new MemoryStore();
  events = [];
  runs = 0;
});

async function work(): Promise<unknown> {
  runs += 1;
  return { statusCode: 202, body: 'x'.repeat(1000) };
}

function guarded(options: HttpOptions) {
  const onEvent = (told: IdempotencyEvent) => events.push(told);
  const handler = idempotent<unknown, unknown>(work, { store, onEvent, ...options });
  return () => handler(event, lambdaContext());
}

const NOT_RECORDED = {
  statusCode: 202,
  headers: { 'Content-Type': 'application/problem+json', 'Idempotent-Replayed': 'true' },
  body: expect.stringContaining('urn:lambda-idempotency:problem:result-not-recorded'),
};

describe('an answer above resultMaxBytes', () => {
  test('goes to its caller, and a replay has its status and says why there is no more', async () => {
    const send = guarded({ resultMaxBytes: 1000 });
    expect(await send()).toEqual({ statusCode: 202, body: 'x'.repeat(1000) });
    expect(await send()).toMatchObject(NOT_RECORDED);
    expect(runs).toBe(1);
    expect(events.filter(({ type }) => type === 'completed')).toEqual([
      expect.objectContaining({ omission: { reason: 'too-large' } }),
    ]);
  });

  test('is kept where the bound just takes it', async () => {
    const json = JSON.stringify({ statusCode: 202, body: 'x'.repeat(1000) });
    const send = guarded({ resultMaxBytes: json.length });
    await send();
    expect(await send()).toMatchObject({ statusCode: 202, body: 'x'.repeat(1000) });
    expect(events.find(({ type }) => type === 'completed')).not.toHaveProperty('omission');
  });

  test('of an event that is no HTTP request is an error to its redelivery', async () => {
    const options = { store, key: () => 'm1', resultMaxBytes: 1000, onEvent: () => {} };
    const job = idempotent(async (_message: object) => 'x'.repeat(1000), options);
    expect(await job({}, lambdaContext())).toBe('x'.repeat(1000));
    await expect(job({}, lambdaContext())).rejects.toThrow(ResultNotRecordedError);
  });
});

describe('the listener that is there by default', () => {
  let warned: string[];
  beforeEach(() => {
    warned = [];
    jest.spyOn(console, 'warn').mockImplementation((text) => warned.push(String(text)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('warns of a key that was consumed without its result', async () => {
    await idempotent<unknown, unknown>(work, { store, resultMaxBytes: 1000 })(event, lambdaContext());
    expect(warned).toEqual([
      expect.stringMatching(
        /^lambda-idempotency: attempt 1 of \S+ consumed its key without .*\(too-large\)\.$/,
      ),
    ]);
  });

  test('and says what the store said, where it was asked', async () => {
    let completions = 0;
    const throttled = interceptedStore(store, async (operation, proceed) => {
      if (operation !== 'complete' || ++completions > 1) return proceed();
      throw new ResultTooLargeError({ cause: new StoreError('throttled') });
    });
    await idempotent<unknown, unknown>(work, { store: throttled })(event, lambdaContext());
    expect(warned).toEqual([expect.stringMatching(/\(too-large\): throttled$/)]);
  });
});

describe('a store that knows that the key is consumed, and cannot read the result', () => {
  function unreadable(failure: StoreError): IdempotencyStore {
    return interceptedStore(store, () => Promise.reject(failure));
  }

  test.each(['reject', 'run-unguarded'] as const)(
    'keeps the handler from running, with onStoreUnavailable %j too',
    async (onStoreUnavailable) => {
      const failure = new StoreError('newer', { keyConsumed: true });
      const send = guarded({ store: unreadable(failure), onStoreUnavailable });
      expect(await send()).toMatchObject({ statusCode: 503 });
      expect(runs).toBe(0);
      expect(events).toEqual([expect.objectContaining({ type: 'store-failed', error: failure })]);
    },
  );

  test('where it knows nothing, onStoreUnavailable decides', async () => {
    const send = guarded({
      store: unreadable(new StoreError('down')),
      onStoreUnavailable: 'run-unguarded',
    });
    expect(await send()).toMatchObject({ statusCode: 202 });
    expect(runs).toBe(1);
  });

  test('keeps an attempt that was superseded from answering with a result that is not the record’s', async () => {
    const failure = new StoreError('not now', { keyConsumed: true });
    const late = interceptedStore(store, (operation, proceed) =>
      operation === 'complete' ? Promise.reject(failure) : proceed(),
    );
    expect(await guarded({ store: late })()).toMatchObject({
      statusCode: 503,
      headers: { 'Retry-After': '1' },
    });
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', during: 'complete', error: failure });
  });
});
