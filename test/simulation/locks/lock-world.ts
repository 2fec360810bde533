import type { LockStore } from '../../../lib/locks/index.ts';
import type { Choices } from '../choices.ts';
import type { HistoryLine } from '../history.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Contender } from './contender.ts';
import type { LockChecker } from './lock-checker.ts';
import type { LockMutant } from './lock-mutants.ts';
import type { SimulatedLocks } from './simulated-locks.ts';

/** What may go wrong, and how often, in one schedule. */
export interface LockBounds {
  /** How many contenders come, each of which may meet all others; the more, the more often. */
  readonly contenders: readonly number[];
  readonly resources: number;
  readonly permits: readonly number[];
  /** Contenders that end between two of their steps. One that is not taken for long is a frozen process. */
  readonly crashes: number;
  /** Requests to the store that are refused, delayed, or whose reply is lost. */
  readonly faults: number;
  /** How often time goes on while something is under way. */
  readonly waits: number;
  /** Tries of one request to the store, the first included. */
  readonly tries: number;
  /** By how much two clocks may differ, in milliseconds. At most the library's `clockSkewMs`. */
  readonly clockSkewMs: number;
  /** Whether some name another number of permits: a mistake of whoever deploys them. */
  readonly otherPermits: boolean;
  /** Whether time may go on until TTL may delete a record: as soon as it may, late, or never. */
  readonly expiry: boolean;
  readonly styles: readonly Style[];
  /** How long one waits, in milliseconds. */
  readonly waitMs: readonly number[];
  /** By which pauses vary, each from 0 to below 1. */
  readonly chances: readonly number[];
}

/** How the lock is used: under `use`; by `acquire`, `renew` and `release`; without waiting. */
export const STYLES = ['use', 'acquire', 'tryAcquire'] as const;
export type Style = (typeof STYLES)[number];

/** The clocks' margin as the library is told. */
export const CLOCK_SKEW_MS = 1_000;
export const LEASE_MS = 3_000;

/** Worlds for random schedules: everything may go wrong, a few times each. */
export const WIDE_LOCK_WORLD: LockBounds = {
  contenders: [1, 2, 3, 4, 5],
  resources: 2,
  permits: [1, 2],
  crashes: 2,
  faults: 3,
  waits: 4,
  tries: 2,
  clockSkewMs: CLOCK_SKEW_MS,
  otherPermits: true,
  expiry: true,
  styles: STYLES,
  waitMs: [0, 120, 1_500],
  chances: [0.999, 0.5],
};

/** Everything that the parts of one schedule share. */
export interface LockWorld {
  readonly bounds: LockBounds;
  readonly choices: Choices;
  readonly scheduler: Scheduler;
  readonly locks: SimulatedLocks;
  readonly checker: LockChecker;
  readonly mutant: LockMutant | undefined;
  readonly permits: number;
  readonly history: HistoryLine[];
  faultsLeft: number;
  tell(actor: number | undefined, text: string): void;
}

export type BrokenStore = (store: LockStore, contender: Contender, world: LockWorld) => LockStore;
