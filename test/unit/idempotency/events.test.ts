import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StoreError } from '../../../lib/idempotency/errors.ts';
import { type IdempotencyEvent, warnOfTrouble } from '../../../lib/idempotency/events.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import type { HttpOptions } from '../../../lib/idempotency/options.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const MESSAGE = { messageId: 'm1' };
type Message = typeof MESSAGE;

describe('a listener is told', () => {
  let store: MemoryStore;
  let nowMs: number;
  let told: IdempotencyEvent[];

  beforeEach(() => {
    store = new MemoryStore();
    nowMs = 1_800_000_000_000;
    told = [];
  });

  const options = (changes: HttpOptions = {}) => ({
    store,
    namespace: 'orders',
    now: () => nowMs,
    onEvent: (event: IdempotencyEvent) => told.push(event),
    ...changes,
  });
  const created = async () => ({ statusCode: 201 });
  const post = (body?: unknown) => httpApiEvent({ key: 'k1', ...(body === undefined ? {} : { body }) });
  /** Ten seconds of the clock above. */
  const context = () => {
    const deadlineMs = nowMs + 10_000;
    return { ...lambdaContext(), getRemainingTimeInMillis: () => deadlineMs - nowMs };
  };
  const id = expect.stringMatching(/^orders#[\w-]{43}$/);
  const failing = (failed: string, error: unknown = new StoreError('down')) =>
    interceptedStore(store, (operation, proceed) =>
      operation === failed ? Promise.reject(error) : proceed(),
    );

  test('of a run, and of its replay', async () => {
    const handler = idempotent(created, options());
    await handler(post(), context());
    await handler(post(), context());
    expect(told).toEqual([
      { type: 'acquired', id, attempt: 1, leaseEndsAtMs: nowMs + 11_000 },
      { type: 'completed', id, attempt: 1 },
      { type: 'replayed', id, from: 'store' },
    ]);
  });

  test('of a refusal while another attempt runs, with what is left of its lease', async () => {
    const handler = idempotent(async () => {
      nowMs += 3000;
      await handler(post(), context());
      return { statusCode: 201 };
    }, options());
    await handler(post(), context());
    expect(told[1]).toEqual({ type: 'in-progress', id, retryAfterMs: 8000 });
  });

  test('of a takeover, with the end of the lease that was taken over', async () => {
    const endings = [504, 201];
    const handler = idempotent(async () => ({ statusCode: endings.shift() ?? 201 }), options());
    await handler(post(), context());
    const leaseEndedAtMs = nowMs + 11_000;
    nowMs += 60_000;
    await handler(post(), context());
    expect(told[2]).toEqual({
      type: 'acquired',
      id,
      attempt: 2,
      leaseEndsAtMs: nowMs + 11_000,
      leaseEndedAtMs,
    });
  });

  test('of an attempt behind a failure that kept its record, which takes nothing over', async () => {
    const handler = idempotent(async (_event, { idempotency }: IdempotentContext) => {
      await idempotency.step('reserve', () => 'done');
      return { statusCode: 500 };
    }, options());
    await handler(post(), context());
    await handler(post(), context());
    expect(told.filter(({ type }) => type === 'acquired')).toEqual([
      { type: 'acquired', id, attempt: 1, leaseEndsAtMs: nowMs + 11_000 },
      { type: 'acquired', id, attempt: 2, leaseEndsAtMs: nowMs + 11_000 },
    ]);
  });

  test('of each call to the store and how long it took, where that is asked for', async () => {
    const slow = interceptedStore(store, async (_operation, proceed) => {
      await pause(20);
      return proceed();
    });
    const handler = idempotent(created, options({ store: slow, storeTimings: true }));
    await handler(post(), context());
    expect(told.map(({ type }) => type)).toEqual(['store-call', 'acquired', 'store-call', 'completed']);
    expect(told[0]).toEqual({
      type: 'store-call',
      operation: 'acquire',
      durationMs: expect.any(Number),
      failed: false,
    });
    // Timers of Node.js can be early by a millisecond.
    for (const event of told) {
      if (event.type === 'store-call') expect(event.durationMs).toBeGreaterThanOrEqual(19);
    }
  });

  test('of how long a call to the store took, and not of when', async () => {
    jest.spyOn(performance, 'now').mockReturnValueOnce(5_000).mockReturnValueOnce(5_007);
    const handler = idempotent(created, options({ storeTimings: true }));
    await handler(post(), context());
    jest.restoreAllMocks();
    expect(told[0]).toMatchObject({ type: 'store-call', durationMs: 7 });
  });

  test('of a call to the store that failed, whose error goes on', async () => {
    const handler = idempotent(created, options({ store: failing('acquire'), storeTimings: true }));
    expect(await handler(post(), context())).toMatchObject({ statusCode: 503 });
    expect(told[0]).toMatchObject({ type: 'store-call', operation: 'acquire', failed: true });
  });

  test('of the transaction that commits, as one call', async () => {
    const handler = idempotent(
      async (_event, { idempotency }: IdempotentContext) => {
        idempotency.commit([{ Put: { TableName: 'orders', Item: { id: '1' } } }]);
        return { statusCode: 201 };
      },
      options({ store: new MemoryStore({ applyWrites: () => [] }), storeTimings: true }),
    );
    await handler(post(), context());
    expect(told.flatMap((event) => (event.type === 'store-call' ? [event.operation] : []))).toEqual([
      'acquire',
      'completeWith',
    ]);
  });

  test('of a mismatch', async () => {
    const handler = idempotent(created, options());
    await handler(post(), context());
    await handler(post({ sku: 'pear' }), context());
    expect(told[2]).toEqual({ type: 'mismatch', id, from: 'store' });
  });

  test('of an outcome that nobody knows, and of the refusal that follows from it', async () => {
    const handler = idempotent(async () => ({ statusCode: 504 }), options({ onUncertain: 'block' }));
    await handler(post(), context());
    nowMs += 60_000;
    await handler(post(), context());
    expect(told.slice(1)).toEqual([
      { type: 'in-doubt', id, attempt: 1 },
      { type: 'uncertain', id },
    ]);
  });

  test('of a failure, which gives the key back', async () => {
    await idempotent(async () => ({ statusCode: 503 }), options())(post(), context());
    expect(told[1]).toEqual({ type: 'released', id, attempt: 1 });
  });

  test('of an attempt that outlived its lease, whether it has succeeded or failed', async () => {
    const statusCodes = [201, 503];
    for (const statusCode of statusCodes) {
      store = new MemoryStore();
      let begun = 0;
      const handler = idempotent(async () => {
        begun += 1;
        if (begun === 2) return { statusCode: 201 };
        nowMs += 60_000;
        await handler(post(), context());
        return { statusCode };
      }, options({ store }));
      await handler(post(), context());
    }
    const story = ['acquired', 'acquired', 'completed', 'superseded'];
    expect(told.map(({ type }) => type)).toEqual([...story, ...story]);
    expect(told[3]).toEqual({ type: 'superseded', id, attempt: 1 });
    expect(told[7]).toEqual({ type: 'superseded', id, attempt: 1 });
  });

  test.each([
    ['acquire', 'claim', 201],
    ['complete', 'complete', 201],
    ['release', 'release', 503],
  ])('of a store that fails to %s', async (operation, during, statusCode) => {
    const error = new StoreError('down');
    const handler = idempotent(async () => ({ statusCode }), options({ store: failing(operation, error) }));
    await handler(post(), context());
    expect(told.at(-1)).toEqual({ type: 'store-failed', id, during, error });
  });

  test('of whatever a store throws, as an error', async () => {
    const handler = idempotent(created, options({ store: failing('complete', 'no connection') }));
    await handler(post(), context());
    expect(told[1]).toMatchObject({ error: new Error('no connection') });
  });

  test('of every run without a lock, and why there is none', async () => {
    const unguarded = idempotent(
      created,
      options({
        keyRequired: false,
        onStoreUnavailable: 'run-unguarded',
        store: failing('acquire'),
      }),
    );
    await unguarded(httpApiEvent({ method: 'PUT', key: 'k1' }), context());
    await unguarded(httpApiEvent(), context());
    await unguarded(post(), context());
    expect(told.filter(({ type }) => type === 'unguarded')).toEqual([
      { type: 'unguarded', reason: 'method' },
      { type: 'unguarded', reason: 'no-key' },
      { type: 'unguarded', reason: 'store-unavailable' },
    ]);
  });
});

describe('without a listener of the user’s', () => {
  let warn: jest.SpiedFunction<typeof console.warn>;
  let nowMs: number;

  beforeEach(() => {
    warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    nowMs = Date.now();
  });
  afterEach(() => warn.mockRestore());

  /** A job whose first run, and no other, stays open until `meanwhile` is over. */
  function job(store: IdempotencyStore, meanwhile: () => Promise<unknown> = async () => {}) {
    let begun = 0;
    return idempotent(
      async (_message: Message) => {
        begun += 1;
        if (begun === 1) await meanwhile();
        return { run: begun };
      },
      { store, key: ({ messageId }) => messageId, namespace: 'jobs', now: () => nowMs },
    );
  }

  test('nothing is written while the protocol does its work: a run, a refusal, a replay', async () => {
    const refused = expect.objectContaining({ code: 'IN_PROGRESS' });
    const run = job(new MemoryStore(), () => expect(run(MESSAGE, lambdaContext())).rejects.toEqual(refused));
    await run(MESSAGE, lambdaContext());
    await run(MESSAGE, lambdaContext());
    expect(warn).not.toHaveBeenCalled();
  });

  test('a store that fails behind the caller’s back is a line that names the record and what was asked', async () => {
    const failing = interceptedStore(new MemoryStore(), (operation, proceed) =>
      operation === 'complete' ? Promise.reject(new StoreError('the table is asleep')) : proceed(),
    );
    expect(await job(failing)(MESSAGE, lambdaContext())).toEqual({ run: 1 });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^lambda-idempotency: .*complete of jobs#[\w-]{43}: the table is asleep$/),
    );
  });

  test('an attempt that outlived its lease is a line that says which one', async () => {
    const run = job(new MemoryStore(), async () => {
      nowMs += 60_000;
      await run(MESSAGE, lambdaContext());
    });
    await run(MESSAGE, lambdaContext());
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^lambda-idempotency: attempt 1 of jobs#[\w-]{43} outlived its lease/),
    );
  });

  test.each<[string, IdempotencyEvent, RegExp]>([
    [
      'a lease that is lost under way',
      { type: 'lease-lost', id: 'jobs#1', attempt: 2 },
      /^lambda-idempotency: attempt 2 of jobs#1 has lost its lease while its handler is running\.$/,
    ],
    [
      'a key that the user’s function leaves blocked',
      { type: 'reconciled', id: 'jobs#1', attempt: 2, outcome: 'blocked' },
      /^lambda-idempotency: .* jobs#1 before attempt 2 .* \(the function of onUncertain said so\); .* blocked/,
    ],
  ])('%s is a line that says which one', (_, event, line) => {
    warnOfTrouble(event);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(line)]]);
  });

  test.each<IdempotencyEvent>([
    { type: 'reconciled', id: 'jobs#1', attempt: 2, outcome: 'run' },
    { type: 'completed', id: 'jobs#1', attempt: 1 },
  ])('$type without trouble is none', (event) => {
    warnOfTrouble(event);
    expect(warn).not.toHaveBeenCalled();
  });
});
