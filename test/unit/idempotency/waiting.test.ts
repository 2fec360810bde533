import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import {
  InProgressError,
  OutcomeUnknownError,
  PayloadMismatchError,
  StoreError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import type { KeyedOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { sleep } from '../../../lib/idempotency/sleep.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

interface Order {
  readonly id: string;
  readonly amount?: number;
}
const ORDER: Order = { id: 'o1', amount: 1 };

const TIMEOUT_MS = 30_000;
const CLOCK_SKEW_MS = 1000;
/** What a waiter keeps free before its deadline, by default. */
const MARGIN_MS = 505;

let time: VirtualTime;
let table: MemoryStore;
let store: IdempotencyStore;
let events: IdempotencyEvent[];
let runs: number;

beforeEach(() => {
  time = new VirtualTime();
  table = new MemoryStore();
  store = table;
  events = [];
  runs = 0;
});

const seen = () => events.map(({ type }) => type);
const waited = () => events.filter((event) => event.type === 'waited');

function options(changes: Partial<KeyedOptions<Order>> = {}): KeyedOptions<Order> {
  return {
    store,
    key: ({ id }) => id,
    fingerprint: ({ amount }) => amount,
    clockSkewMs: CLOCK_SKEW_MS,
    onInProgress: { waitMs: 10_000 },
    onEvent: (event) => events.push(event),
    now: time.now,
    sleep: time.sleep,
    random: () => 0.5,
    ...changes,
  };
}

/** Charges an order, which takes `workMs`, and then does what `end` does. */
function charging(
  workMs: number,
  changes: Partial<KeyedOptions<Order>> = {},
  end: () => { readonly run: number } = () => ({ run: runs }),
) {
  const charge = async (_order: Order) => {
    runs += 1;
    await time.sleep(workMs);
    return end();
  };
  return (order = ORDER, context: Context | 'none' = time.context(TIMEOUT_MS)) =>
    idempotent<Order, unknown, Context | undefined>(charge, options(changes))(
      order,
      context === 'none' ? undefined : context,
    );
}

/** A store that is read through `intercept`. */
function readingThrough(intercept: (read: () => Promise<unknown>) => Promise<unknown>): IdempotencyStore {
  return interceptedStore(table, (operation, proceed) =>
    operation === 'read' ? intercept(proceed) : proceed(),
  );
}

describe('a duplicate that may wait', () => {
  test('gets the result of the first one as soon as it sees it, and does not run', async () => {
    const charge = charging(2000);
    const both = Promise.all([charge(), charge()]);
    expect(await time.passUntilDone(both)).toEqual([{ run: 1 }, { run: 1 }]);
    expect(runs).toBe(1);
    expect(seen()).toEqual(['acquired', 'completed', 'waited', 'replayed']);
  });

  test('reads the record with growing pauses, and tells how long it waited and how often it read', async () => {
    const charge = charging(2000);
    await time.passUntilDone(Promise.all([charge(), charge()]));
    expect(time.pauses).toEqual([25, 2000, 50, 100, 200, 400, 500, 500, 500]);
    expect(waited()).toEqual([
      { type: 'waited', id: expect.any(String), waitedMs: 2275, reads: 8, failedReads: 0 },
    ]);
  });

  test('asks for the key once, and then only reads', async () => {
    const asked: string[] = [];
    store = interceptedStore(table, (operation, proceed) => {
      asked.push(operation);
      return proceed();
    });
    const charge = charging(2000);
    await time.passUntilDone(Promise.all([charge(), charge()]));
    expect(asked.filter((operation) => operation !== 'read')).toEqual(['acquire', 'acquire', 'complete']);
  });

  test('leaves no timer behind, neither of its pauses nor of its reads', async () => {
    const charge = charging(2000);
    await time.passUntilDone(Promise.all([charge(), charge()]));
    expect(time.sleeping).toBe(0);
  });

  test('waits with the timers of Node.js where it is given none', async () => {
    const charge = idempotent(
      async (_order: Order) => {
        await sleep(20);
        return ++runs;
      },
      { store, key: ({ id }) => id, onInProgress: { waitMs: 5000 }, onEvent: (event) => events.push(event) },
    );
    const context = time.context(TIMEOUT_MS);
    expect(await Promise.all([charge(ORDER, context), charge(ORDER, context)])).toEqual([1, 1]);
    expect(seen()).toEqual(['acquired', 'completed', 'waited', 'replayed']);
  });

  test('is refused as ever when its time is up, and told what is left of the lease', async () => {
    const charge = charging(20_000);
    const first = charge();
    const duplicate = charge().catch((error: unknown) => error);
    const error = await time.passUntilDone(duplicate);
    expect(error).toBeInstanceOf(InProgressError);
    expect(error).toMatchObject({ retryAfterMs: TIMEOUT_MS + CLOCK_SKEW_MS - 10_000 });
    expect(waited()).toMatchObject([{ waitedMs: 10_000, failedReads: 0 }]);
    expect(seen().slice(-2)).toEqual(['waited', 'in-progress']);
    expect(await time.passUntilDone(first)).toEqual({ run: 1 });
  });

  test('is told what is left of the lease that it saw last, which may be another one', async () => {
    const failing = charging(1000, {}, () => {
      throw new Error('out of stock');
    });
    const first = failing().catch(() => 'failed');
    const startedAtMs = time.now();
    const charge = charging(20_000);
    const duplicate = charge().catch((error: unknown) => error);
    await time.passUntilDone(first);
    void charge(); // Is faster than the one that sleeps.
    const leaseEndsAtMs = time.now() + TIMEOUT_MS + CLOCK_SKEW_MS;
    const error = await time.passUntilDone(duplicate);
    expect(error).toMatchObject({ retryAfterMs: leaseEndsAtMs - (startedAtMs + 10_000) });
    expect(runs).toBe(2);
  });

  test('never sleeps into the last half second before its deadline', async () => {
    const charge = charging(20_000, { onInProgress: { waitMs: 15 * 60_000 } });
    void charge();
    const deadline = time.now() + 5000;
    await expect(time.passUntilDone(charge(ORDER, time.context(5000)))).rejects.toThrow(InProgressError);
    expect(time.now()).toBe(deadline - MARGIN_MS);
  });

  test("leaves Middy's early time-out its time as well", async () => {
    const handler = idempotent(async () => time.sleep(20_000), {
      store,
      onInProgress: { waitMs: 60_000 },
      timeoutEarlyInMillis: 2000,
      now: time.now,
      sleep: time.sleep,
    });
    void handler(httpApiEvent({ key: 'k1' }), time.context(TIMEOUT_MS));
    const deadline = time.now() + 5000;
    const answer = await time.passUntilDone(handler(httpApiEvent({ key: 'k1' }), time.context(5000)));
    expect(answer).toMatchObject({ statusCode: 409, headers: { 'Retry-After': '29' } });
    expect(time.now()).toBe(deadline - 2500);
  });

  test('does not wait at all where there is no time for it', async () => {
    const charge = charging(2000);
    void charge();
    await expect(charge(ORDER, time.context(MARGIN_MS))).rejects.toThrow(InProgressError);
    expect(seen().toSorted()).toEqual(['acquired', 'in-progress']);
  });

  test('waits without a Lambda context, too', async () => {
    const charge = charging(2000);
    const both = Promise.all([charge(ORDER, 'none'), charge(ORDER, 'none')]);
    expect(await time.passUntilDone(both)).toEqual([{ run: 1 }, { run: 1 }]);
  });

  test('is not held by a wall clock that stands still or is put back', async () => {
    const charge = charging(60_000, { now: () => 1_800_000_000_000 });
    void charge();
    const deadline = time.now() + 5000;
    await expect(time.passUntilDone(charge(ORDER, time.context(5000)))).rejects.toThrow(InProgressError);
    expect(time.now()).toBe(deadline - MARGIN_MS);
  });

  test('that oversleeps, as in a sandbox that was frozen, answers at once', async () => {
    let lateMs = 0;
    const lengths: number[] = [];
    const deadlineMs = time.now() + TIMEOUT_MS;
    const context = { getRemainingTimeInMillis: () => deadlineMs - time.now() - lateMs };
    const charge = charging(20_000, {
      now: () => time.now() + lateMs,
      sleep: (ms, signal) => {
        lengths.push(ms);
        if (signal === undefined) lateMs = TIMEOUT_MS;
        return time.sleep(ms, signal);
      },
    });
    void charge();
    await expect(time.passUntilDone(charge(ORDER, context as Context))).rejects.toThrow(InProgressError);
    // A pause and its read's alarm. Node.js warns of negative ones.
    expect(lengths).toEqual([25, 0]);
  });

  test('reads a bounded number of times even where chance only ever says 0', async () => {
    let reads = 0;
    store = readingThrough((read) => {
      reads += 1;
      return read();
    });
    const charge = charging(2000, { random: () => 0 });
    void charge();
    await expect(time.passUntilDone(charge())).rejects.toThrow(InProgressError);
    expect(reads).toBe(50);
  });

  /** Park and Miller's generator: fair enough, and the same on every machine. */
  function fairChance(): () => number {
    let seed = 1;
    return () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
  }

  async function waitsFor(workMs: number, waitMs: number, samples: number) {
    const charge = charging(workMs, { onInProgress: { waitMs }, random: fairChance() });
    for (let sample = 0; sample < samples; sample++) {
      const order = { id: `o${sample}` };
      void charge(order, 'none');
      await time.passUntilDone(charge(order, 'none').catch(() => {}));
    }
    const waits = waited();
    expect(waits).toHaveLength(samples);
    const mean = waits.reduce((sum, { reads }) => sum + reads, 0) / samples;
    return { waits, mean };
  }

  test.each([1, 10, 29, 14 * 60])('never comes near the bound on reads in a wait of %d s', async (s) => {
    const { waits } = await waitsFor(2000 * s, 1000 * s, 20);
    for (const { waitedMs, reads } of waits) {
      expect(waitedMs).toBe(1000 * s);
      expect(reads).toBeLessThan(50);
    }
  });

  // The figures are the README's.
  test.each([
    [100, 3],
    [1000, 6],
    [5000, 14],
    [10_000, 24],
  ])('reads, for a handler of %d ms, some %d times', async (workMs, reads) => {
    const { mean } = await waitsFor(workMs, 10_000, 200);
    expect(Math.abs(mean - reads)).toBeLessThan(0.75);
  });
});

describe('a mismatch', () => {
  test('is found before anything is waited for', async () => {
    const charge = charging(2000);
    void charge();
    await expect(charge({ id: 'o1', amount: 2 })).rejects.toThrow(PayloadMismatchError);
    expect(seen().toSorted()).toEqual(['acquired', 'mismatch']);
    expect(time.pauses).toEqual([2000]); // The first one's handler.
  });

  test('ends the wait where the first one gave the key back and another payload took it', async () => {
    const failing = charging(1000, {}, () => {
      throw new Error('out of stock');
    });
    const other = charging(5000);
    const first = failing().catch(() => 'failed');
    const duplicate = other().catch((error: unknown) => error);
    await time.passUntilDone(first);
    void other({ id: 'o1', amount: 2 });
    expect(await time.passUntilDone(duplicate)).toBeInstanceOf(PayloadMismatchError);
    expect(seen().slice(-2)).toEqual(['waited', 'mismatch']);
  });
});

describe('a waiter whose key becomes free', () => {
  const failsOnce = () => {
    if (runs === 1) throw new Error('out of stock');
    return { run: runs };
  };

  test('claims it and runs, where the first one failed', async () => {
    const charge = charging(1000, {}, failsOnce);
    const first = charge().catch(() => 'failed');
    const duplicate = charge();
    expect(await time.passUntilDone(first)).toBe('failed');
    expect(await time.passUntilDone(duplicate)).toEqual({ run: 2 });
    expect(seen()).toEqual(['acquired', 'released', 'waited', 'acquired', 'completed']);
  });

  test('holds a lease that lasts to its own deadline, counted from the claim', async () => {
    const charge = charging(1000, {}, failsOnce);
    const deadline = time.now() + TIMEOUT_MS;
    void charge().catch(() => {});
    await time.passUntilDone(charge());
    expect(events.filter((event) => event.type === 'acquired').at(-1)).toMatchObject({
      leaseEndsAtMs: deadline + CLOCK_SKEW_MS,
    });
  });

  test('of many waiters one runs, and the others get its result', async () => {
    const charge = charging(1000, {}, failsOnce);
    const first = charge().catch(() => 'failed');
    const waiters = Promise.all(Array.from({ length: 20 }, () => charge()));
    expect(await time.passUntilDone(waiters)).toEqual(Array(20).fill({ run: 2 }));
    expect(await first).toBe('failed');
    expect(runs).toBe(2);
  });

  test('leaves it to its caller once less than half of its time is left', async () => {
    const charge = charging(5000, {}, failsOnce);
    const first = charge().catch(() => 'failed');
    const duplicate = charge(ORDER, time.context(9000)).catch((error: unknown) => error);
    expect(await time.passUntilDone(duplicate)).toMatchObject({ code: 'IN_PROGRESS', retryAfterMs: 0 });
    expect(await first).toBe('failed');
    expect(runs).toBe(1);
    expect(await table.read(events[0]?.type === 'acquired' ? events[0].id : '')).toBeUndefined();
  });

  test.each([
    ['runs where exactly half of it is left', 2550, { run: 2 }],
    ['and not a moment later', 2549, undefined],
  ])('%s', async (_, remainingMs, answer) => {
    const charge = charging(1000, {}, failsOnce);
    void charge().catch(() => {});
    const duplicate = charge(ORDER, time.context(remainingMs)).catch(() => undefined);
    // It looks after 25, 75, 175, 375, 775 and 1275 ms.
    expect(await time.passUntilDone(duplicate)).toEqual(answer);
  });

  test('still gets a result in that half', async () => {
    const charge = charging(5000);
    void charge();
    expect(await time.passUntilDone(charge(ORDER, time.context(9000)))).toEqual({ run: 1 });
  });

  test('takes over a lease that lapses while it waits', async () => {
    const lost = idempotent(async (_order: Order) => outcomeUnknown(new Error('no answer')), options());
    await lost(ORDER, time.context(2000)); // Lease: 3 s.
    const charge = charging(10);
    expect(await time.passUntilDone(charge())).toEqual({ run: 1 });
    expect(events.at(-2)).toMatchObject({ type: 'acquired', attempt: 2 });
  });

  test("is told that the outcome is unknown, with onUncertain: 'block'", async () => {
    const lost = idempotent(async (_order: Order) => outcomeUnknown(new Error('no answer')), options());
    await lost(ORDER, time.context(2000));
    const charge = charging(10, { onUncertain: 'block' });
    await expect(time.passUntilDone(charge())).rejects.toThrow(OutcomeUnknownError);
    expect(seen().slice(-2)).toEqual(['waited', 'uncertain']);
    expect(runs).toBe(0);
  });

  test('takes a lock for its own that its first claim left on its way', async () => {
    // The first acquire is refused, and a copy of it that the network held back arrives after the release.
    let late: (() => Promise<unknown>) | undefined;
    const slowNetwork = interceptedStore(table, async (operation, proceed) => {
      if (operation === 'acquire') late ??= proceed;
      return proceed();
    });
    const failing = charging(1000, {}, () => {
      throw new Error('out of stock');
    });
    const charge = charging(10, { store: slowNetwork });
    const first = failing().catch(() => 'failed');
    const duplicate = charge();
    await time.passUntilDone(first);
    expect(await late?.()).toEqual({ applied: true });
    expect(await time.passUntilDone(duplicate)).toEqual({ run: 2 });
  });
});

describe('a store that fails while a duplicate waits', () => {
  const down = () => Promise.reject(new StoreError('no reply'));

  test('for a while: the wait goes on, and the failure is told once', async () => {
    let reads = 0;
    store = readingThrough((read) => (++reads <= 3 ? down() : read()));
    const charge = charging(500);
    void charge();
    expect(await time.passUntilDone(charge())).toEqual({ run: 1 });
    expect(events.filter(({ type }) => type === 'store-failed')).toMatchObject([{ during: 'read' }]);
    expect(waited()).toMatchObject([{ failedReads: 3 }]);
  });

  test('for good: 409 as if it had not waited, since that the key is in use is known', async () => {
    store = readingThrough(down);
    const charge = charging(20_000);
    void charge();
    const error = await time.passUntilDone(charge().catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'IN_PROGRESS', retryAfterMs: 21_000 });
  });

  test("never runs the handler beside the first one, not even with 'run-unguarded'", async () => {
    store = readingThrough(down);
    const charge = charging(20_000, { onStoreUnavailable: 'run-unguarded' });
    void charge();
    await expect(time.passUntilDone(charge())).rejects.toThrow(InProgressError);
    expect(runs).toBe(1);
  });

  test('without a word: the read is given up in time to answer', async () => {
    store = readingThrough(() => new Promise(() => {}));
    const charge = charging(20_000);
    void charge();
    const deadline = time.now() + 5000;
    await expect(time.passUntilDone(charge(ORDER, time.context(5000)))).rejects.toThrow(InProgressError);
    expect(time.now()).toBeLessThan(deadline - MARGIN_MS / 2 + 10);
    expect(time.sleeping).toBe(1); // The first one's handler.
    expect(waited()).toMatchObject([{ reads: 1, failedReads: 1 }]);
    expect(events.find(({ type }) => type === 'store-failed')).toMatchObject({
      during: 'read',
      error: new StoreError('The record could not be read in the time that was left.'),
    });
  });

  test('by taking long: a read is waited for a little beyond the wait itself', async () => {
    store = readingThrough(async (read) => {
      await time.sleep(1200);
      return read();
    });
    const charge = charging(100, { onInProgress: { waitMs: 1000 } });
    void charge();
    expect(await time.passUntilDone(charge())).toEqual({ run: 1 });
    expect(waited()).toMatchObject([{ waitedMs: 1225, failedReads: 0 }]);
  });

  test('at the claim that comes after the wait: 503, as at any claim', async () => {
    let claims = 0;
    store = interceptedStore(table, (operation, proceed) =>
      operation === 'acquire' && ++claims > 2 ? down() : proceed(),
    );
    const charge = charging(1000, {}, () => {
      throw new Error('out of stock');
    });
    void charge().catch(() => {});
    await expect(time.passUntilDone(charge())).rejects.toThrow(StoreError);
    expect(seen().slice(-2)).toEqual(['waited', 'store-failed']);
    expect(runs).toBe(1);
  });
});

describe.each(MIDDY_VERSIONS)('the middleware of Middy $version', ({ middy }) => {
  test('lets a duplicate wait, and replays the result', async () => {
    const handler = middy(async () => {
      runs += 1;
      await time.sleep(2000);
      return { statusCode: 201, body: String(runs) };
    }).use(
      idempotency({
        store,
        onInProgress: { waitMs: 10_000 },
        now: time.now,
        sleep: time.sleep,
        onEvent: (event) => events.push(event),
      }) as never, // Middy's types want an event of its own.
    ) as unknown as (event: unknown, context: Context) => Promise<unknown>;
    const send = () => handler(httpApiEvent({ key: 'k1' }), time.context(TIMEOUT_MS));
    const [first, second] = await time.passUntilDone(Promise.all([send(), send()]));
    expect(first).toMatchObject({ statusCode: 201, body: '1' });
    expect(second).toMatchObject({
      statusCode: 200,
      body: '1',
      headers: { 'Idempotent-Replayed': 'true' },
    });
    expect(seen()).toEqual(['acquired', 'completed', 'waited', 'replayed']);
  });
});
