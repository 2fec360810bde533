/** The locks broken on purpose, in ways that somebody might have written them. Each must be caught. */
import type { Lock, LockState, LockStore, LocksOptions } from '../../../lib/locks/index.ts';
import type { LockInvariant } from './lock-checker.ts';
import type { BrokenStore } from './lock-world.ts';

export interface LockMutant {
  readonly name: string;
  /** What it may be caught by. */
  readonly breaks: readonly LockInvariant[];
  readonly options?: Pick<LocksOptions, 'clockSkewMs'>;
  readonly store?: BrokenStore;
  readonly lock?: (lock: Lock) => Lock;
  /** Waits so many times as long as it was told. */
  readonly waitTimes?: number;
}

const TOO_MANY = 'no more holders than permits';
const NUMBERS = 'fencing numbers grow';
const OTHERS = 'only the holder writes';

const HASTE_MS = 1_500;
const YEARS_MS = 1e12;

export const LOCK_MUTANTS: readonly LockMutant[] = [
  {
    name: 'counts leases without a margin for clocks',
    breaks: [TOO_MANY],
    options: { clockSkewMs: 0 },
  },
  {
    name: 'takes a place although another took one since it looked',
    breaks: [TOO_MANY, NUMBERS],
    store: (store) => ({
      ...all(store),
      take: async (taking) => {
        const now = await store.read(taking.id);
        if (now === undefined || taking.seen === undefined) return store.take(taking);
        return store.take({ ...taking, seen: { ...taking.seen, fencingToken: now.fencingToken } });
      },
    }),
  },
  {
    name: 'takes over a holder that has renewed since it looked',
    breaks: [TOO_MANY, OTHERS],
    store: (store) => ({
      ...all(store),
      take: async (taking) => {
        const now = await store.read(taking.id);
        const lapsed = (taking.seen?.lapsed ?? []).flatMap(([owner]) => {
          const holder = now?.holders[owner];
          return holder === undefined ? [] : [[owner, holder.leaseEndsAtMs] as const];
        });
        return store.take({
          ...taking,
          seen: taking.seen === undefined ? undefined : { ...taking.seen, lapsed },
        });
      },
    }),
  },
  {
    name: 'takes over a lease before its end',
    breaks: [TOO_MANY, OTHERS],
    store: (store) => ({
      ...seeing(store, (state) => withEnds(state, -HASTE_MS)),
      take: async (taking) => {
        const lapsed = taking.seen?.lapsed.map(([owner, endMs]) => [owner, endMs + HASTE_MS] as const) ?? [];
        const outcome = await store.take({
          ...taking,
          seen: taking.seen === undefined ? undefined : { ...taking.seen, lapsed },
        });
        if (outcome.applied || outcome.current === undefined) return outcome;
        return { applied: false, current: withEnds(outcome.current, -HASTE_MS) };
      },
    }),
  },
  {
    name: 'counts from 1 where there is no record',
    breaks: [NUMBERS],
    store: (store) => ({
      ...all(store),
      take: (taking) => store.take(taking.seen === undefined ? { ...taking, fencingToken: 1 } : taking),
    }),
  },
  {
    name: 'deletes the record when nobody holds a place, and counts from 1',
    breaks: [NUMBERS, OTHERS],
    store: (store, _contender, world) => ({
      ...all(store),
      take: (taking) => store.take(taking.seen === undefined ? { ...taking, fencingToken: 1 } : taking),
      release: async (id, owner, freedAtMs) => {
        const outcome = await store.release(id, owner, freedAtMs);
        const now = await store.read(id);
        if (now !== undefined && Object.keys(now.holders).length === 0) world.locks.delete(id);
        return outcome;
      },
    }),
  },
  {
    name: 'takes the place back when a renewal is refused',
    breaks: [TOO_MANY, NUMBERS, OTHERS],
    store: (store) => ({
      ...all(store),
      renew: async (id, owner, leaseEndsAtMs, expiresAtSeconds) => {
        const outcome = await store.renew(id, owner, leaseEndsAtMs, expiresAtSeconds);
        if (outcome.applied || outcome.current === undefined) return outcome;
        if (owner in outcome.current.holders) return outcome;
        const { permits, fencingToken } = outcome.current;
        return store.take({
          id,
          owner,
          permits,
          fencingToken: fencingToken + 1,
          leaseEndsAtMs,
          expiresAtSeconds,
          seen: { fencingToken, lapsed: [], passed: [] },
        });
      },
    }),
  },
  {
    name: 'lets a renewal that comes late move the lease back',
    breaks: [TOO_MANY, OTHERS, NUMBERS],
    store: (store) => ({
      ...all(store),
      renew: async (id, owner, leaseEndsAtMs, expiresAtSeconds) => {
        const outcome = await store.renew(id, owner, leaseEndsAtMs, expiresAtSeconds);
        const current = outcome.applied ? undefined : outcome.current;
        const held = current?.holders[owner];
        if (current === undefined || held === undefined) return outcome;
        const { permits, fencingToken } = current;
        return store.take({
          id,
          owner,
          permits,
          fencingToken,
          leaseEndsAtMs,
          expiresAtSeconds,
          seen: { fencingToken, lapsed: [], passed: [] },
        });
      },
    }),
  },
  {
    name: 'frees whoever holds a place when it releases late',
    breaks: [OTHERS, TOO_MANY],
    store: (store) => ({
      ...all(store),
      release: async (id, owner, freedAtMs) => {
        const outcome = await store.release(id, owner, freedAtMs);
        if (outcome.applied) return outcome;
        const [other] = Object.keys(outcome.current?.holders ?? {});
        return other === undefined ? outcome : store.release(id, other, freedAtMs);
      },
    }),
  },
  {
    name: 'does not look at the permits that others name',
    breaks: [TOO_MANY],
    store: (store, { permits }) => {
      const seen = (state: LockState) => ({ ...state, permits });
      return {
        ...seeing(store, seen),
        take: async (taking) => {
          const outcome = await store.take(taking);
          if (outcome.applied || outcome.current === undefined) return outcome;
          return { applied: false, current: seen(outcome.current) };
        },
      };
    },
  },
  {
    name: 'never takes over a lease',
    breaks: ['a place of the dead is free again'],
    store: (store) => seeing(store, (state) => withEnds(state, YEARS_MS)),
  },
  {
    name: 'never passes a ticket of the dead',
    breaks: ['a place of the dead is free again'],
    store: (store, contender) => seeing(store, (state) => ({ ...state, freedAtMs: contender.clockMs() })),
  },
  {
    name: 'works without a place where none is to be had',
    breaks: ['no work without a grant'],
    lock: (lock) => ({
      ...lock,
      use: async (work, options) => {
        try {
          return await lock.use(work, options);
        } catch {
          return await work(undefined as never); // As if there had been no lock.
        }
      },
    }),
  },
  {
    name: 'trusts what is returned when the lease is lost',
    breaks: ['a lost lease spoils the result'],
    lock: (lock) => ({
      ...lock,
      use: async (work, options) => {
        const grant = await lock.acquire(options);
        try {
          return await work(grant);
        } finally {
          await grant.release().catch(() => {}); // As `use` does.
        }
      },
    }),
  },
  {
    name: 'waits for longer than it was told',
    breaks: ['waiting ends by the deadline'],
    waitTimes: 10,
  },
];

/** Each method by itself: those of the table are members of its instance, and so are those of whatever wraps it. */
function all(store: LockStore): LockStore {
  const { read, take, enqueue, leaveQueue, renew, release } = store;
  return { read, take, enqueue, leaveQueue, renew, release };
}

/** What one sees who looks is not what there is. */
function seeing(store: LockStore, change: (state: LockState) => LockState): LockStore {
  return {
    ...all(store),
    read: async (id) => {
      const state = await store.read(id);
      return state === undefined ? undefined : change(state);
    },
    enqueue: async (id, owner, queueMax) => {
      const outcome = await store.enqueue(id, owner, queueMax);
      if (!outcome.applied) {
        return {
          applied: false,
          current: outcome.current === undefined ? undefined : change(outcome.current),
        };
      }
      return outcome.state === undefined ? outcome : { applied: true, state: change(outcome.state) };
    },
  };
}

function withEnds(state: LockState, byMs: number): LockState {
  const holders = Object.entries(state.holders).map(
    ([owner, holder]) => [owner, { ...holder, leaseEndsAtMs: holder.leaseEndsAtMs + byMs }] as const,
  );
  return { ...state, holders: Object.fromEntries(holders) };
}
