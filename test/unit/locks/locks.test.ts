import { beforeEach, describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { isIdempotencyError, StoreError } from '../../../lib/idempotency/errors.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import {
  createLocks,
  type Grant,
  LeaseLostError,
  type LockEvent,
  LockNotAcquiredError,
  type LockStore,
  type Locks,
  MemoryLockStore,
  PermitsMismatchError,
} from '../../../lib/locks/index.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedLockStore, type LockInterception } from '../../support/intercepted-lock-store.ts';
import { settled, VirtualTime } from '../../support/virtual-time.ts';

const LEASE_MS = 9_000;
const SKEW_MS = 1_000;

let time: VirtualTime;
let memory: MemoryLockStore;
let store: LockStore;
let intercept: LockInterception;
let requests: string[];
let events: LockEvent[];
let locks: Locks;

beforeEach(() => {
  time = new VirtualTime();
  memory = new MemoryLockStore();
  intercept = (_operation, proceed) => proceed();
  requests = [];
  events = [];
  store = interceptedLockStore(memory, (operation, proceed) => {
    requests.push(operation);
    return intercept(operation, proceed);
  });
  locks = locksOf();
});

function locksOf(clockAheadMs = 0): Locks {
  return createLocks({
    store,
    leaseMs: LEASE_MS,
    clockSkewMs: SKEW_MS,
    now: () => time.now() + clockAheadMs,
    sleep: time.sleep,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
  });
}

const seen = () => events.map(({ type }) => type);
const down = () => Promise.reject(new StoreError('The store is away.'));
const held = (grant: Grant | undefined): Grant => {
  if (grant === undefined) throw new Error('No grant.');
  return grant;
};
/** What a promise that need not settle has come to. */
function outcomeOf<T>(promise: Promise<T>) {
  const outcome: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => Object.assign(outcome, { value }),
    (error) => Object.assign(outcome, { error }),
  );
  return outcome;
}

describe('a mutex', () => {
  test('has one holder at a time', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire();
    expect(await seat.tryAcquire()).toBeUndefined();
    await first.release();
    expect(await seat.tryAcquire()).toMatchObject({ owner: expect.any(String) });
  });

  test('is one for each resource, whoever made it, and another one in another namespace', async () => {
    await locks.mutex('seat 1').acquire();
    expect(await locksOf().mutex('seat 1').tryAcquire()).toBeUndefined();
    expect(await locks.mutex('seat 2').tryAcquire()).toBeDefined();
    const elsewhere = createLocks({ store, namespace: 'elsewhere' });
    expect(await elsewhere.mutex('seat 1').tryAcquire()).toBeDefined();
  });

  test('costs a read and two writes', async () => {
    await (await locks.mutex('seat 1').acquire()).release();
    expect(requests).toEqual(['read', 'take', 'release']);
  });

  test('is free for others when its holder’s lease is over by their clocks, and not before', async () => {
    await locks.mutex('seat 1').acquire();
    await time.advance(LEASE_MS + SKEW_MS - 1);
    expect(await locks.mutex('seat 1').tryAcquire()).toBeUndefined();
    await time.advance(1);
    expect(await locks.mutex('seat 1').tryAcquire()).toBeDefined();
  });

  test('is not taken over early by one whose clock is ahead as far as clocks may differ', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    await time.advance(LEASE_MS - 1);
    expect(grant.signal.aborted).toBe(false);
    expect(await locksOf(SKEW_MS).mutex('seat 1').tryAcquire()).toBeUndefined();
    await time.advance(1);
    expect(grant.signal.aborted).toBe(true);
  });

  test('gives each grant a higher number: after a release, an expiry, and the deletion of the record', async () => {
    const seat = locks.mutex('seat 1');
    const numbers: number[] = [];
    const take = async () => numbers.push(held(await seat.tryAcquire()).fencingToken);
    await take();
    await time.advance(LEASE_MS + SKEW_MS);
    await take();
    await time.advance(LEASE_MS + SKEW_MS);
    await (await seat.acquire()).release();
    await take();
    // TTL deletes the record a week later: another store is as good as none.
    await time.advance(8 * 86_400_000);
    memory = new MemoryLockStore();
    store = memory;
    numbers.push((await locksOf().mutex('seat 1').acquire()).fencingToken);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(Number.isSafeInteger(numbers.at(-1))).toBe(true);
  });

  test('keeps its record for a week after the last lease, so that the number outlives its holders', async () => {
    const { id } = locks.mutex('seat 1');
    const grant = await locks.mutex('seat 1').acquire();
    const expiry = async () => ((await memory.read(id))?.expiresAtSeconds ?? 0) * 1000 - time.nowMs;
    expect(await expiry()).toBeGreaterThanOrEqual(7 * 86_400_000);
    await time.advance(5_000);
    await grant.renew();
    expect(await expiry()).toBeGreaterThanOrEqual(7 * 86_400_000);
  });

  test('recognises its own grant when the reply was lost and the request sent again', async () => {
    intercept = async (operation, proceed) => {
      if (operation === 'take') await proceed();
      return proceed();
    };
    const grant = await locks.mutex('seat 1').acquire();
    const holders = (await memory.read(locks.mutex('seat 1').id))?.holders;
    expect(holders).toEqual({ [grant.owner]: expect.objectContaining({ fencingToken: grant.fencingToken }) });
  });

  test('that was granted when its lease was all but over is given back, and not used', async () => {
    intercept = async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'take') await time.advance(LEASE_MS);
      return outcome;
    };
    expect(await locks.mutex('seat 1').tryAcquire()).toBeUndefined();
    expect(requests).toEqual(['read', 'take', 'release']);
  });

  test('that cannot be asked for is an error, and no grant', async () => {
    intercept = down;
    await expect(locks.mutex('seat 1').acquire()).rejects.toThrow(StoreError);
    await expect(locks.mutex('seat 1').tryAcquire()).rejects.toThrow(StoreError);
  });
});

describe('a semaphore', () => {
  test('has as many holders as it has permits', async () => {
    const pool = locks.semaphore('printers', 3);
    const grants = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    expect(await pool.tryAcquire()).toBeUndefined();
    await grants[1]?.release();
    expect(await pool.tryAcquire()).toBeDefined();
    expect(await pool.tryAcquire()).toBeUndefined();
    expect(new Set(grants.map(({ fencingToken }) => fencingToken)).size).toBe(3);
  });

  test('has no more, however many ask at once', async () => {
    const pool = locks.semaphore('printers', 3);
    const attempts = await Promise.all(Array.from({ length: 12 }, () => pool.tryAcquire()));
    expect(attempts.filter((grant) => grant !== undefined)).toHaveLength(3);
  });

  test('gets a dead holder’s place back after its lease, and no other one’s', async () => {
    const pool = locks.semaphore('printers', 2);
    await pool.acquire(); // And dies.
    const living = await pool.acquire();
    await time.advance(LEASE_MS / 2);
    await living.renew();
    await time.advance(LEASE_MS / 2 + SKEW_MS);
    const third = held(await pool.tryAcquire());
    expect(await pool.tryAcquire()).toBeUndefined();
    expect(Object.keys((await memory.read(pool.id))?.holders ?? {}).sort()).toEqual(
      [living.owner, third.owner].sort(),
    );
  });

  test('refuses those who name another number while somebody holds it, and takes their number when nobody does', async () => {
    const grant = await locks.semaphore('printers', 3).acquire();
    for (const attempt of [
      () => locks.semaphore('printers', 2).acquire(),
      () => locks.semaphore('printers', 2).tryAcquire(),
      () => locks.mutex('printers').acquire(),
    ]) {
      const error = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PermitsMismatchError);
      expect(error).toMatchObject({
        code: 'PERMITS_MISMATCH',
        retryable: false,
        message: expect.stringContaining('3 permits'),
      });
    }
    await grant.release();
    expect(await locks.semaphore('printers', 2).tryAcquire()).toBeDefined();
    await expect(locks.semaphore('printers', 3).acquire()).rejects.toThrow(PermitsMismatchError);
  });
});

describe('a late holder', () => {
  test('changes nothing by renewing or releasing, and is told', async () => {
    const seat = locks.mutex('seat 1');
    const late = await seat.acquire();
    await time.advance(LEASE_MS + SKEW_MS);
    const next = held(await seat.tryAcquire());
    const before = await memory.read(seat.id);
    await expect(late.renew()).rejects.toThrow(LeaseLostError);
    await late.release();
    expect(await memory.read(seat.id)).toEqual(before);
    expect(next.fencingToken).toBeGreaterThan(late.fencingToken);
    expect(next.signal.aborted).toBe(false);
  });

  test('is told by its own clock, without any request', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    const { signal } = grant;
    requests = [];
    await time.advance(LEASE_MS - 1);
    expect(signal.aborted).toBe(false);
    await time.advance(1);
    expect(signal.reason).toBeInstanceOf(LeaseLostError);
    await expect(grant.renew()).rejects.toThrow(LeaseLostError);
    expect(requests).toEqual([]);
    expect(seen()).toContain('lease-lost');
  });

  test('whose renewals arrive out of order keeps the later end', async () => {
    const seat = locks.mutex('seat 1');
    const grant = await seat.acquire();
    const delayed: (() => Promise<unknown>)[] = [];
    intercept = (operation, proceed) => {
      if (operation !== 'renew') return proceed();
      delayed.push(proceed);
      return down();
    };
    await time.advance(1_000);
    await expect(grant.renew()).rejects.toThrow(StoreError);
    intercept = (_operation, proceed) => proceed();
    await time.advance(1_000);
    await grant.renew();
    const end = (await memory.read(seat.id))?.holders[grant.owner]?.leaseEndsAtMs;
    await delayed[0]?.();
    expect((await memory.read(seat.id))?.holders[grant.owner]?.leaseEndsAtMs).toBe(end);
  });
});

describe('renew', () => {
  test('begins the lease anew', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    await time.advance(5_000);
    await grant.renew();
    expect(grant.leaseEndsAtMs).toBe(time.nowMs + LEASE_MS);
    await time.advance(LEASE_MS - 1);
    expect(grant.signal.aborted).toBe(false);
  });

  test('whose reply was lost is known for what it was', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    await time.advance(5_000);
    intercept = async (_operation, proceed) => {
      await proceed();
      return proceed();
    };
    await grant.renew();
    expect(grant.leaseEndsAtMs).toBe(time.nowMs + LEASE_MS);
  });

  test('says that it is lost where the record is gone or the place another one’s', async () => {
    const seat = locks.mutex('seat 1');
    const grant = await seat.acquire();
    await memory.release(seat.id, grant.owner, time.nowMs); // As by an operator.
    await expect(grant.renew()).rejects.toThrow(LeaseLostError);
    expect(grant.signal.reason).toBeInstanceOf(LeaseLostError);
  });

  test('after the release is refused', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    await grant.release();
    await expect(grant.renew()).rejects.toThrow(LeaseLostError);
  });
});

describe('release', () => {
  test('twice is one request', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    await grant.release();
    await grant.release();
    expect(requests.filter((operation) => operation === 'release')).toHaveLength(1);
    expect(seen()).toEqual(['granted', 'released']);
  });

  test('that failed can be tried again', async () => {
    const seat = locks.mutex('seat 1');
    const grant = await seat.acquire();
    intercept = down;
    await expect(grant.release()).rejects.toThrow(StoreError);
    intercept = (_operation, proceed) => proceed();
    await grant.release();
    expect(await seat.tryAcquire()).toBeDefined();
  });

  test('works when it was taken out of its grant, as renewing does', async () => {
    const seat = locks.mutex('seat 1');
    const { renew, release } = await seat.acquire();
    await renew();
    await release();
    expect(await seat.tryAcquire()).toBeDefined();
  });

  test('leaves no timer behind', async () => {
    const grant = await locks.mutex('seat 1').acquire();
    void grant.signal;
    await grant.release();
    await settled();
    expect(time.sleeping).toBe(0);
  });
});

describe('waiting', () => {
  test('ends with a grant when the holder releases', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire();
    const second = outcomeOf(seat.acquire());
    await time.advance(2_000);
    expect(second).toEqual({});
    await first.release();
    await time.advance(100);
    expect(second.value?.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(events.at(-1)).toMatchObject({ type: 'granted', waitedMs: expect.any(Number) });
  });

  test('ends with a grant when the holder is dead and its lease over', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire();
    const second = outcomeOf(seat.acquire({ waitMs: 20_000 }));
    await time.advance(LEASE_MS + SKEW_MS - 1);
    expect(second).toEqual({});
    await time.advance(100);
    expect(second.value).toBeDefined();
  });

  test('is served in the order of arrival', async () => {
    const seat = locks.mutex('seat 1');
    let grant = await seat.acquire();
    const served: string[] = [];
    const waiters: Promise<Grant>[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      const waiter = seat.acquire({ waitMs: 60_000 });
      void waiter.then(() => served.push(name));
      waiters.push(waiter);
      await time.advance(10);
    }
    for (const waiter of waiters) {
      await grant.release();
      grant = await time.passUntilDone(waiter);
    }
    expect(served).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is not overtaken by those who come later and would not wait', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire();
    const second = seat.acquire();
    await time.advance(10);
    await first.release();
    expect(await seat.tryAcquire()).toBeUndefined();
    expect((await time.passUntilDone(second)).owner).toBeDefined();
  });

  test('behind one that has died takes a turn longer, once', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire({ waitMs: 0 });
    await memory.enqueue(seat.id, 'dead', 10);
    const second = outcomeOf(seat.acquire());
    await time.advance(500);
    await first.release();
    await time.advance(900);
    expect(second).toEqual({});
    await time.advance(200);
    expect(second.value).toBeDefined();
    expect((await memory.read(seat.id))?.queue).toEqual({});
  });

  test('that was passed over, for it slept too long, goes to the end of the line', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire();
    const second = outcomeOf(seat.acquire({ waitMs: 60_000 }));
    await time.advance(100);
    const owner = Object.keys((await memory.read(seat.id))?.queue ?? {})[0] ?? '';
    await memory.leaveQueue(seat.id, owner); // As by whoever passes.
    await time.advance(1_000);
    expect(Object.keys((await memory.read(seat.id))?.queue ?? {})).toEqual([owner]);
    await first.release();
    await time.advance(1_000);
    expect(second.value?.owner).toBe(owner);
  });

  test('ends at the deadline with an error that says when to come again, and leaves no ticket and no timer', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire();
    const startedMs = time.nowMs;
    const error = await time.passUntilDone(
      seat.acquire({ waitMs: 3_000 }).catch((thrown: unknown) => thrown),
    );
    expect(time.nowMs - startedMs).toBe(3_000);
    expect(error).toBeInstanceOf(LockNotAcquiredError);
    expect(isIdempotencyError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', statusCode: 409, retryable: true });
    const { retryAfterMs } = error as LockNotAcquiredError;
    expect(retryAfterMs).toBeGreaterThan(LEASE_MS + SKEW_MS - 3_500);
    expect(retryAfterMs).toBeLessThanOrEqual(LEASE_MS + SKEW_MS - 2_000);
    expect((await memory.read(seat.id))?.queue).toEqual({});
    expect(time.sleeping).toBe(0);
    expect(seen()).toEqual(['granted', 'not-granted']);
  });

  test('of no time at all tries once, and joins no queue', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire({ waitMs: 0 });
    requests = [];
    await expect(seat.acquire({ waitMs: 0 })).rejects.toThrow(LockNotAcquiredError);
    expect(requests).toEqual(['read']);
  });

  test('ends at once when its signal aborts, with the reason, and leaves no ticket', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire();
    const giveUp = new AbortController();
    const second = outcomeOf(seat.acquire({ signal: giveUp.signal }));
    await time.advance(100);
    const reason = new Error('The customer has gone.');
    giveUp.abort(reason);
    await settled();
    expect(second.error).toBe(reason);
    expect((await memory.read(seat.id))?.queue).toEqual({});
    expect(time.sleeping).toBe(0);
  });

  test('does not begin where the signal has aborted already', async () => {
    const signal = AbortSignal.abort(new Error('Too late.'));
    await expect(locks.mutex('seat 1').acquire({ signal })).rejects.toThrow('Too late.');
    expect(requests).toEqual([]);
  });

  test('gives back a place that comes after it was given up', async () => {
    const seat = locks.mutex('seat 1');
    let reply = () => {};
    intercept = async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'take') {
        await new Promise<void>((resolve) => {
          reply = resolve;
        });
      }
      return outcome;
    };
    const giveUp = new AbortController();
    const second = outcomeOf(seat.acquire({ signal: giveUp.signal }));
    await settled();
    giveUp.abort();
    await settled();
    expect(second.error).toBe(giveUp.signal.reason);
    expect(Object.keys((await memory.read(seat.id))?.holders ?? {})).toHaveLength(1);
    reply();
    await settled();
    expect((await memory.read(seat.id))?.holders).toEqual({});
  });

  test('ends a quarter of a second after the deadline even if the store does not answer', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire();
    const startedMs = time.nowMs;
    const waiting = seat.acquire({ waitMs: 4_000 }).catch((thrown: unknown) => thrown);
    await time.advance(1_000);
    intercept = () => new Promise(() => {});
    expect(await time.passUntilDone(waiting)).toBeInstanceOf(LockNotAcquiredError);
    expect(time.nowMs - startedMs).toBe(4_250);
  });

  test('is not ended by a store that fails meanwhile, which is told once', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire();
    const second = outcomeOf(seat.acquire());
    await time.advance(100);
    intercept = down;
    await time.advance(2_000);
    intercept = (_operation, proceed) => proceed();
    await first.release();
    await time.advance(1_000);
    expect(second.value).toBeDefined();
    expect(seen().filter((type) => type === 'store-failed')).toHaveLength(1);
  });

  test('names the failure of the store as the cause where there was one', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire();
    const waiting = seat.acquire({ waitMs: 3_000 }).catch((thrown: unknown) => thrown);
    await time.advance(100);
    intercept = down;
    expect(await time.passUntilDone(waiting)).toMatchObject({
      code: 'LOCK_NOT_ACQUIRED',
      cause: { code: 'STORE_UNAVAILABLE' },
    });
  });

  test('gives back the place of a take whose reply never came', async () => {
    const seat = locks.mutex('seat 1');
    const first = await seat.acquire();
    const waiting = outcomeOf(seat.acquire({ waitMs: 3_000 }));
    await time.advance(2_500);
    intercept = async (operation, proceed) => {
      if (operation === 'take') {
        await proceed();
        return down();
      }
      if (operation === 'read') return down();
      return proceed();
    };
    await first.release();
    // The next look fails; the one look that succeeds leads to the take whose reply is lost.
    const lossy = intercept;
    let reads = 0;
    intercept = (operation, proceed) => {
      if (operation === 'read' && reads++ === 0) return proceed();
      return lossy(operation, proceed);
    };
    await time.advance(1_000);
    expect(waiting.error).toBeInstanceOf(LockNotAcquiredError);
    expect((await memory.read(seat.id))?.holders).toEqual({});
  });
});

describe('use', () => {
  test('runs the work under a grant, gives its result, and gives the place back', async () => {
    const seat = locks.mutex('seat 1');
    const result = await seat.use(async ({ fencingToken }) => {
      expect(await seat.tryAcquire()).toBeUndefined();
      return `booked under ${fencingToken > 0}`;
    });
    expect(result).toBe('booked under true');
    expect(await seat.tryAcquire()).toBeDefined();
  });

  test('never runs the work without a grant', async () => {
    const seat = locks.mutex('seat 1');
    await seat.acquire();
    let runs = 0;
    await expect(seat.use(() => ++runs, { waitMs: 0 })).rejects.toThrow(LockNotAcquiredError);
    intercept = down;
    await expect(seat.use(() => ++runs)).rejects.toThrow(StoreError);
    expect(runs).toBe(0);
  });

  test('renews the lease every third of it while the work runs, and no longer', async () => {
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const done = locks.mutex('seat 1').use(() => work);
    await settled();
    requests = [];
    await time.advance(2 * LEASE_MS);
    expect(requests).toEqual(Array(6).fill('renew'));
    finish();
    await done;
    expect(requests.at(-1)).toBe('release');
    expect(time.sleeping).toBe(0);
  });

  test('gives the place back when the work fails, and throws what the work threw, whatever else fails', async () => {
    const seat = locks.mutex('seat 1');
    const fail = () => Promise.reject(new Error('No such seat.'));
    await expect(seat.use(fail)).rejects.toThrow('No such seat.');
    expect((await memory.read(seat.id))?.holders).toEqual({});
    await expect(
      seat.use(() => {
        intercept = down;
        return fail();
      }),
    ).rejects.toThrow('No such seat.');
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', during: 'release' });
  });

  test('gives the result although the release failed: the lease runs out by itself', async () => {
    const result = locks.mutex('seat 1').use(() => {
      intercept = down;
      return 'booked';
    });
    expect(await result).toBe('booked');
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', during: 'release' });
  });

  test('aborts the signal when the lease cannot be renewed in time, and does not trust what the work returns then', async () => {
    let signal: AbortSignal | undefined;
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const done = outcomeOf(
      locks.mutex('seat 1').use((grant) => {
        signal = grant.signal;
        return work;
      }),
    );
    await settled();
    intercept = down;
    await time.advance(LEASE_MS - 1);
    expect(signal?.aborted).toBe(false);
    await time.advance(1);
    expect(signal?.reason).toBeInstanceOf(LeaseLostError);
    finish();
    await settled();
    expect(done.error).toBeInstanceOf(LeaseLostError);
    expect(done.error).toMatchObject({ code: 'LEASE_LOST', statusCode: 409 });
    expect(seen()).toEqual(['granted', 'store-failed', 'store-failed', 'lease-lost', 'store-failed']);
  });

  test('aborts the signal as soon as a renewal finds the place gone', async () => {
    const seat = locks.mutex('seat 1');
    const done = outcomeOf(
      seat.use(
        ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      ),
    );
    await settled();
    for (const owner of Object.keys((await memory.read(seat.id))?.holders ?? {})) {
      await memory.release(seat.id, owner, time.nowMs);
    }
    await time.advance(LEASE_MS / 3);
    expect(done.error).toBeInstanceOf(LeaseLostError);
  });

  test('of withLock is that of the mutex, with options for both', async () => {
    await locks.withLock('seat 1', () => 1);
    await locks.mutex('seat 1').acquire();
    await expect(locks.withLock('seat 1', () => 1, { leaseMs: 2_000, waitMs: 0 })).rejects.toThrow(
      LockNotAcquiredError,
    );
  });
});

describe('inside of an idempotent handler', () => {
  const event = httpApiEvent({ key: 'k', body: {} });
  const handlerThat = (work: () => Promise<unknown>) => {
    const records = new MemoryStore();
    const handler = middy(work).use(idempotency({ store: records, onEvent: () => {} }));
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return () => handler(event, lambdaContext() as Context as IdempotentContext);
  };

  test('a place that is not to be had answers 409 with Retry-After, and gives the key back', async () => {
    await locks.mutex('seat 1').acquire();
    let runs = 0;
    const send = handlerThat(async () => {
      runs += 1;
      await locks.mutex('seat 1').use(() => 'booked', { waitMs: 0 });
    });
    for (const run of [1, 2]) {
      const answer = (await send()) as { statusCode: number; headers: object; body: string };
      expect(answer).toMatchObject({ statusCode: 409, headers: { 'Retry-After': '10' } });
      expect(JSON.parse(answer.body)).toMatchObject({
        type: 'urn:lambda-idempotency:problem:lock-not-acquired',
      });
      expect(runs).toBe(run);
    }
  });

  test('a lease that was lost keeps the key locked: the work may have taken effect', async () => {
    let runs = 0;
    const send = handlerThat(async () => {
      runs += 1;
      await locks.mutex('seat 1').use(async () => {
        time.nowMs += LEASE_MS; // A process that is frozen.
      });
    });
    expect(await send()).toMatchObject({ statusCode: 409 });
    expect(await send()).toMatchObject({ statusCode: 409, body: expect.stringContaining('in-progress') });
    expect(runs).toBe(1);
  });
});
