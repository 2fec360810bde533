import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { StoreError, SupersededError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotencyContext, IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import type { KeyedOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { childEnvironment } from '../../support/child-environment.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { type Interception, interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';
import { settled, VirtualTime } from '../../support/virtual-time.ts';

const REMAINING_MS = 60_000;
const RENEWED_LEASE_MS = 9_000;
const SKEW_MS = 1_000;

let store: MemoryStore;
let timers: VirtualTime;
let events: IdempotencyEvent[];
let attempts: IdempotencyContext[];

beforeEach(() => {
  store = new MemoryStore();
  timers = new VirtualTime();
  events = [];
  attempts = [];
});

const seen = () => events.map(({ type }) => type);
const idOf = () => events.map((event) => ('id' in event ? event.id : '')).find(Boolean) ?? '';
const recordedEnd = async () => ((await store.read(idOf()))?.leaseEndsAtMs ?? 0) - timers.nowMs;

interface Running {
  readonly result: Promise<unknown>;
  readonly attempt: IdempotencyContext;
  finish(value?: unknown): void;
  fail(error: Error): void;
}

/** An invocation whose handler is at work until it is told to end. */
async function start(options: Partial<KeyedOptions<unknown>> = {}): Promise<Running> {
  let finish: Running['finish'] = () => {};
  let fail: Running['fail'] = () => {};
  const work = new Promise<unknown>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const deadline = timers.nowMs + REMAINING_MS;
  const context = { ...lambdaContext(), getRemainingTimeInMillis: () => deadline - timers.nowMs };
  const handler = idempotent(
    (_event: unknown, { idempotency }: IdempotentContext) => {
      attempts.push(idempotency);
      return work;
    },
    {
      store,
      now: timers.now,
      sleep: timers.sleep,
      onEvent: (event) => events.push(event),
      renewedLeaseMs: RENEWED_LEASE_MS,
      clockSkewMs: SKEW_MS,
      key: () => 'k1',
      ...options,
    },
  );
  const before = attempts.length;
  const result = handler({}, context as IdempotentContext);
  result.catch(() => {});
  await settled();
  const attempt = attempts[before];
  if (attempt === undefined) throw new Error('The handler was not entered.');
  return { result, attempt, finish, fail };
}

describe('a lease that is shorter than the invocation', () => {
  test('begins short, and is renewed every third of its length while the handler runs', async () => {
    const { attempt, finish, result } = await start();
    const first = timers.nowMs + RENEWED_LEASE_MS + SKEW_MS;
    expect(attempt.leaseEndsAtMs).toBe(first);
    await timers.advance(2_999);
    expect(attempt.leaseEndsAtMs).toBe(first);
    for (let turn = 1; turn <= 5; turn++) {
      await timers.advance(turn === 1 ? 1 : 3_000);
      expect(attempt.leaseEndsAtMs).toBe(first + turn * 3_000);
      expect(await recordedEnd()).toBe(RENEWED_LEASE_MS + SKEW_MS);
    }
    expect(attempt.signal.aborted).toBe(false);
    finish('done');
    expect(await result).toBe('done');
    expect(seen()).toEqual(['acquired', ...Array(5).fill('renewed'), 'completed']);
    expect(events[1]).toEqual({
      type: 'renewed',
      id: idOf(),
      attempt: 1,
      leaseEndsAtMs: first + 3_000,
    });
  });

  test('has one signal, which sets no timer when the handler has ended', async () => {
    const { attempt, finish, result } = await start();
    expect(attempt.signal).toBe(attempt.signal);
    finish();
    await result;
    const other = await start({ key: () => 'k2' });
    other.finish();
    await other.result;
    expect(other.attempt.signal.aborted).toBe(false);
    expect(timers.sleeping).toBe(0);
  });

  test('stops with the handler, whatever its end', async () => {
    const succeeding = await start();
    succeeding.finish();
    await succeeding.result;
    expect(timers.sleeping).toBe(0);

    const failing = await start({ key: () => 'k2' });
    failing.fail(new Error('no'));
    await expect(failing.result).rejects.toThrow('no');
    expect(timers.sleeping).toBe(0);
    await timers.advance(60_000);
    expect(seen()).not.toContain('renewed');
    expect(seen()).not.toContain('lease-lost');
  });

  test('ends no later than the deadline and the margin for clocks, and expires no earlier', async () => {
    const { attempt } = await start({ retentionSeconds: 1 });
    const last = timers.nowMs + REMAINING_MS + SKEW_MS;
    await timers.advance(REMAINING_MS - 1);
    expect(attempt.leaseEndsAtMs).toBe(last);
    // The last one 9 seconds before the deadline; nothing is asked for what cannot get longer.
    expect(seen().filter((type) => type === 'renewed')).toHaveLength(17);
    // Still a live lease to everybody else, however short the retention is.
    await expect(start()).rejects.toThrow('not entered');
    expect(seen().at(-1)).toBe('in-progress');
    // And a lapsed one afterwards: attempts are counted on.
    await timers.advance(SKEW_MS + 1);
    expect((await start()).attempt.attempt).toBe(2);
  });

  test('frees the key soon after a crash', async () => {
    await start();
    await timers.advance(3_000);
    // Killed: its timers are gone with it.
    timers = Object.assign(new VirtualTime(), { nowMs: timers.nowMs });
    await timers.advance(RENEWED_LEASE_MS + SKEW_MS - 1);
    await expect(start()).rejects.toThrow('not entered');
    await timers.advance(1);
    expect((await start()).attempt.attempt).toBe(2);
  });

  test('is kept while the completion is under way, which may take the client library longer than the lease', async () => {
    let complete = () => {};
    const slow = interceptedStore(store, async (operation, proceed) => {
      if (operation === 'complete') {
        await new Promise<void>((resolve) => {
          complete = resolve;
        });
      }
      return proceed();
    });
    const { finish, result } = await start({ store: slow });
    finish('done');
    await timers.advance(2 * RENEWED_LEASE_MS);
    expect(await recordedEnd()).toBeGreaterThan(0);
    complete();
    expect(await result).toBe('done');
    expect(timers.sleeping).toBe(0);
    expect(seen().at(-1)).toBe('completed');
  });

  test('without Lambda’s word on the time left, ends no later than leaseMs', async () => {
    const handler = idempotent(
      (_event: unknown, { idempotency }: IdempotentContext) => {
        attempts.push(idempotency);
        return new Promise(() => {});
      },
      {
        store,
        now: timers.now,
        sleep: timers.sleep,
        key: () => 'k1',
        leaseMs: 20_000,
        renewedLeaseMs: 9_000,
        onEvent: () => {},
      },
    );
    const last = timers.nowMs + 20_000 + SKEW_MS;
    void handler({}, {} as IdempotentContext);
    await settled();
    await timers.advance(19_000);
    expect(attempts[0]?.leaseEndsAtMs).toBe(last);
  });
});

describe('a lease that is lost', () => {
  test('to another attempt aborts the signal at the next renewal', async () => {
    const { attempt, finish, result } = await start();
    const { signal } = attempt;
    // An operator's hand, or a clock that is far ahead.
    const held = await store.read(idOf());
    const leaseEndsAtMs = timers.nowMs + 20_000;
    if (held?.status !== 'INPROGRESS') throw new Error('The lock is not there.');
    const thief = { ...held, status: held.status, owner: 'thief', attempt: 2, leaseEndsAtMs };
    await store.takeOver(thief, held);
    expect(signal.aborted).toBe(false);
    await timers.advance(3_000);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(SupersededError);
    expect(signal.reason).toMatchObject({ retryAfterMs: 17_000 });
    expect(seen()).toEqual(['acquired', 'lease-lost']);
    expect(events[1]).toEqual({ type: 'lease-lost', id: idOf(), attempt: 1 });
    expect(timers.sleeping).toBe(0);
    finish('too late');
    await expect(result).rejects.toThrow(SupersededError);
    expect(seen().slice(2)).toEqual(['superseded']);
  });

  test('and whose handler throws `undefined` throws just that', async () => {
    const { fail, result } = await start();
    const held = await store.read(idOf());
    if (held?.status !== 'INPROGRESS') throw new Error('The lock is not there.');
    await store.takeOver({ ...held, status: held.status, owner: 'thief', attempt: 2 }, held);
    fail(undefined as never);
    await expect(result).rejects.toBeUndefined();
    expect(seen()).toEqual(['acquired', 'superseded']);
  });

  test('because its record is gone aborts the signal, too', async () => {
    const emptied = interceptedStore(store, async (operation, proceed) =>
      operation === 'renew' ? { applied: false, current: undefined } : proceed(),
    );
    const { attempt } = await start({ store: emptied });
    const { signal } = attempt;
    await timers.advance(3_000);
    expect(signal.reason).toBeInstanceOf(SupersededError);
    expect(signal.reason).toMatchObject({ retryAfterMs: 0 });
  });

  test('is told of once, however often it is found', async () => {
    const { attempt } = await start();
    const { signal } = attempt;
    let finishStep = () => {};
    const step = attempt.step(
      'charge',
      () =>
        new Promise<void>((resolve) => {
          finishStep = resolve;
        }),
    );
    const held = await store.read(idOf());
    if (held?.status !== 'INPROGRESS') throw new Error('The lock is not there.');
    await store.takeOver({ ...held, status: held.status, owner: 'thief', attempt: 2 }, held);
    await timers.advance(3_000);
    const { reason } = signal;
    finishStep();
    await expect(step).rejects.toThrow(SupersededError);
    expect(seen()).toEqual(['acquired', 'lease-lost']);
    expect(signal.reason).toBe(reason);
    await expect(attempt.step('ship', () => 'shipped')).rejects.toBe(reason);
  });

  test('because it could not be renewed in time aborts the signal before anybody can take it over', async () => {
    const failing = interceptedStore(store, (operation, proceed) =>
      operation === 'renew' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    const { attempt, fail, result } = await start({ store: failing });
    const { signal } = attempt;
    await timers.advance(RENEWED_LEASE_MS - 1);
    expect(signal.aborted).toBe(false);
    await timers.advance(1);
    expect(signal.aborted).toBe(true);
    expect(await recordedEnd()).toBe(SKEW_MS);
    expect(seen().filter((type) => type !== 'store-failed')).toEqual(['acquired', 'lease-lost']);
    expect(events.filter(({ type }) => type === 'store-failed')).toMatchObject(
      Array(2).fill({ type: 'store-failed', during: 'renew' }),
    );
    // What waits for the signal throws its reason: the caller is told of the store, and the key is free.
    fail(signal.reason);
    await expect(result).rejects.toThrow(/was not renewed in time/);
    expect(seen().at(-1)).toBe('released');
  });

  test('and whose loss an HTTP handler throws is a problem document, as any failure of the store', async () => {
    const failing = interceptedStore(store, (operation, proceed) =>
      operation === 'renew' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    const handler = idempotent(
      (_event: APIGatewayProxyEventV2, { idempotency: { signal } }: IdempotentContext) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      {
        store: failing,
        now: timers.now,
        sleep: timers.sleep,
        onEvent: () => {},
        renewedLeaseMs: RENEWED_LEASE_MS,
      },
    );
    const answer = handler(httpApiEvent({ key: 'k1' }), timers.context(REMAINING_MS) as IdempotentContext);
    await settled();
    await timers.advance(RENEWED_LEASE_MS);
    expect(await answer).toMatchObject({
      statusCode: 503,
      body: expect.stringContaining('STORE_UNAVAILABLE'),
    });
  });

  test('aborts a signal that nobody has asked for until then', async () => {
    const failing = interceptedStore(store, (operation, proceed) =>
      operation === 'renew' ? new Promise(() => {}) : proceed(),
    );
    const { attempt } = await start({ store: failing });
    await timers.advance(20_000);
    expect(attempt.signal.aborted).toBe(true);
  });

  test('of a handler that finishes nonetheless is completed, if nobody has taken over', async () => {
    const failing = interceptedStore(store, (operation, proceed) =>
      operation === 'renew' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    const { finish, result } = await start({ store: failing });
    await timers.advance(20_000);
    finish('late');
    expect(await result).toBe('late');
  });

  test('is not reported of a record that the attempt itself has settled', async () => {
    // The renewal is on its way when the handler ends, and arrives behind what became of the record.
    for (const end of ['completed', 'released', 'suspended', 'in-doubt'] as const) {
      let arrive = () => {};
      const slow = interceptedStore(store, async (operation, proceed) => {
        if (operation === 'renew' && attempts.length > 0 && arrive === arriveNow) {
          await new Promise<void>((resolve) => {
            arrive = resolve;
          });
        }
        return proceed();
      });
      arrive = arriveNow;
      events = [];
      const { attempt, finish, fail, result } = await start({ store: slow, key: () => end });
      if (end === 'suspended') await attempt.step('charge', () => 'charged');
      const { signal } = attempt;
      await timers.advance(3_000);
      if (end === 'completed') finish();
      else fail(end === 'in-doubt' ? outcomeUnknown(new Error('?')) : new Error('no'));
      await result.catch(() => {});
      arrive();
      await settled();
      expect([end, seen().at(-1), signal.aborted]).toEqual([end, end, false]);
      expect(seen()).not.toContain('lease-lost');
    }
  });
});

function arriveNow(): void {}

/** As if the option had not been given. */
const NOT_RENEWED = { renewedLeaseMs: undefined } as object;

describe('a renewal', () => {
  test('that the completion refuses, whose reply is still on its way, is no loss', async () => {
    let reply = () => {};
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'complete') {
        await new Promise<void>((resolve) => {
          reply = resolve;
        });
      }
      return outcome;
    });
    const { attempt, finish, result } = await start({ store: slow });
    const { signal } = attempt;
    finish('done');
    await settled();
    await timers.advance(6_000);
    expect(signal.aborted).toBe(false);
    reply();
    expect(await result).toBe('done');
    expect(seen()).toEqual(['acquired', 'completed']);
  });

  test('whose reply was lost and which was sent again is a renewal', async () => {
    const { attempt } = await start({ store: losingFirstReplyOf(store, 'renew') });
    const first = attempt.leaseEndsAtMs ?? 0;
    await timers.advance(6_000);
    expect(attempt.leaseEndsAtMs).toBe(first + 6_000);
    expect(seen()).toEqual(['acquired', 'renewed', 'renewed']);
  });

  test('that was applied without a reply is found by the next one', async () => {
    let isSilent = true;
    const silent = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'renew' && isSilent) throw new StoreError('no reply');
      return outcome;
    });
    const { attempt } = await start({ store: silent });
    const first = attempt.leaseEndsAtMs ?? 0;
    await timers.advance(3_000);
    expect(attempt.leaseEndsAtMs).toBe(first);
    isSilent = false;
    await timers.advance(3_000);
    expect(attempt.leaseEndsAtMs).toBe(first + 3_000);
    await timers.advance(3_000);
    expect(attempt.leaseEndsAtMs).toBe(first + 9_000);
    expect(seen()).toEqual(['acquired', 'store-failed', 'renewed', 'renewed']);
  });

  test('that was applied without a reply does not keep the key from being given back with its steps', async () => {
    const silent = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'renew' && seen().includes('step-recorded') && !seen().includes('store-failed')) {
        throw new StoreError('no reply');
      }
      return outcome;
    });
    const { attempt, fail, result } = await start({ store: silent });
    await attempt.step('charge', () => 'charged');
    await timers.advance(3_000);
    expect(seen()).toEqual(['acquired', 'step-recorded', 'store-failed']);
    fail(new Error('no'));
    await expect(result).rejects.toThrow('no');
    expect(seen().at(-1)).toBe('suspended');
    expect(await store.read(idOf())).toMatchObject({ leaseEndsAtMs: 0, steps: { charge: '"charged"' } });
  });

  test('that arrives when the key was given back does not revive the lease', async () => {
    const late: (() => Promise<unknown>)[] = [];
    const intercept: Interception = (operation, proceed) => {
      if (operation !== 'renew' || late.length > 0) return proceed();
      late.push(proceed);
      return Promise.reject(new StoreError('no reply'));
    };
    const { attempt, fail, result } = await start({ store: interceptedStore(store, intercept) });
    await attempt.step('charge', () => 'charged');
    await timers.advance(3_000);
    fail(new Error('no'));
    await result.catch(() => {});
    expect(await late[0]?.()).toMatchObject({ applied: false });
    expect(await store.read(idOf())).toMatchObject({ leaseEndsAtMs: 0 });
  });

  test('whose reply comes when the lease is lost revives no timer', async () => {
    let reply = () => {};
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'renew') {
        await new Promise<void>((resolve) => {
          reply = resolve;
        });
      }
      return outcome;
    });
    const { attempt } = await start({ store: slow });
    const { signal } = attempt;
    await timers.advance(RENEWED_LEASE_MS);
    expect(signal.aborted).toBe(true);
    reply();
    await settled();
    expect(timers.sleeping).toBe(0);
    await timers.advance(REMAINING_MS);
    expect(seen().filter((type) => type === 'lease-lost')).toHaveLength(1);
  });

  test('that fails when the attempt has ended is nobody’s business', async () => {
    let fail: (error: Error) => void = () => {};
    const slow = interceptedStore(store, (operation, proceed) =>
      operation === 'renew'
        ? new Promise((_, reject) => {
            fail = reject;
          })
        : proceed(),
    );
    const { finish, result } = await start({ store: slow });
    await timers.advance(3_000);
    finish();
    await result;
    fail(new StoreError('no reply'));
    await settled();
    expect(seen()).toEqual(['acquired', 'completed']);
  });

  test('goes on where the attempt has taken over: each lease is the attempt’s own', async () => {
    await start();
    timers = Object.assign(new VirtualTime(), { nowMs: timers.nowMs });
    await timers.advance(RENEWED_LEASE_MS + SKEW_MS);
    const { attempt } = await start();
    const first = attempt.leaseEndsAtMs ?? 0;
    await timers.advance(6_000);
    expect([attempt.attempt, attempt.leaseEndsAtMs]).toEqual([2, first + 6_000]);
  });
});

describe('a renewal whose failure is', () => {
  const failingWith = (failure: unknown) =>
    interceptedStore(store, (operation, proceed) =>
      operation === 'renew' ? Promise.reject(failure) : proceed(),
    );

  test.each<[string, unknown, Error]>([
    ['an error', new TypeError('socket closed'), new TypeError('socket closed')],
    [
      'no error, as of a store of the user’s own',
      'socket closed',
      new StoreError('The idempotency store failed.', { cause: 'socket closed' }),
    ],
  ])('%s is told of as an error', async (_, failure, told) => {
    await start({ store: failingWith(failure) });
    await timers.advance(3_000);
    const event = events.find(({ type }) => type === 'store-failed');
    expect(event).toEqual({ type: 'store-failed', id: idOf(), during: 'renew', error: told });
    expect((event as { error?: Error }).error?.cause).toBe(told.cause);
  });
});

describe('a lease that lasts as long as the invocation', () => {
  test('sets no timer', async () => {
    const { finish, result } = await start(NOT_RENEWED);
    expect(timers.sleeping).toBe(0);
    finish();
    await result;
  });

  test('aborts a signal that somebody has asked for at the deadline', async () => {
    const { attempt } = await start(NOT_RENEWED);
    const { signal } = attempt;
    await timers.advance(REMAINING_MS - 1);
    expect(signal.aborted).toBe(false);
    await timers.advance(1);
    expect(signal.aborted).toBe(true);
  });
});

test('renewal keeps no process alive', async () => {
  const { execFileSync } = await import('node:child_process');
  const program = `
    import { idempotent, MemoryStore } from './lib/index.ts';
    const handler = idempotent(() => new Promise(() => {}), { store: new MemoryStore(), key: () => 'k', renewedLeaseMs: 600000 });
    void handler({}, {});
  `;
  const startedMs = performance.now();
  execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    env: childEnvironment(),
    timeout: 60_000,
  });
  expect(performance.now() - startedMs).toBeLessThan(60_000);
});
