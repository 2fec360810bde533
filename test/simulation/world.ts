import type { OnInProgress } from '../../lib/index.ts';
import type { Interception } from '../support/intercepted-store.ts';
import type { Checker } from './checker/checker.ts';
import type { Choices } from './choices.ts';
import type { Databases } from './databases.ts';
import type { Guards } from './guard.ts';
import type { HistoryLine } from './history.ts';
import type { Mutant } from './mutants.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedTable } from './simulated-table.ts';

/** What may go wrong, and how often, in one schedule. */
export interface Bounds {
  /** How many requests clients may send, each of which may meet all others; the more, the more often. */
  readonly sends: readonly number[];
  readonly keys: number;
  /** Bodies that may be sent with one key: more than one is a client's mistake. */
  readonly payloads: number;
  /** Invocations that end between two of their steps. */
  readonly crashes: number;
  /** Requests to the store that are refused, delayed, or whose reply is lost. */
  readonly faults: number;
  /** How often time goes on while something is under way. */
  readonly waits: number;
  /** Whether a handler may fail or not know its outcome. */
  readonly failures: boolean;
  /** Whether a process may be frozen over its deadline and go on (a Lambda cannot; a container can). */
  readonly zombies: boolean;
  /** Whether transactions may find others at their items. */
  readonly contention: boolean;
  /** Tries of one request to the store, the first included. */
  readonly tries: number;
  /** By how much two clocks may differ, in milliseconds. At most the library's `clockSkewMs`. */
  readonly clockSkewMs: number;
  readonly fronts: readonly Front[];
  readonly works: readonly Work[];
  readonly stores: readonly Store[];
  /** Units in stock at the beginning, for handlers that leave a purchase to `commit`. */
  readonly stock: readonly number[];
  /** How often the stock may be filled up by one unit when it is empty. */
  readonly restocks: number;
  readonly onUncertain: readonly WhenUncertain[];
  /** Lengths of a lease that is renewed, in milliseconds; `none` for one that lasts as long as the invocation. */
  readonly renewedLeaseMs: readonly ('none' | number)[];
  /** How long results are kept, in seconds. */
  readonly retentionSeconds: readonly number[];
  /** Whether time may go on beyond that, and TTL delete what is past it: as soon as it may, late, or never. */
  readonly expiry: boolean;
  readonly onInProgress: readonly OnInProgress[];
  /** Whether a sandbox keeps what it has seen completed. */
  readonly cache: readonly boolean[];
  /** By which the pauses of a waiter vary, each from 0 to below 1. */
  readonly chances: readonly number[];
}

/** How the handler is guarded. */
export type Front =
  | 'wrapper with key'
  | 'wrapper, HTTP'
  | 'middleware'
  | 'middleware, Middy 7'
  | 'beside Powertools';

/**
 * What a handler does, and where its effect lies: one somewhere else, of which the record knows nothing; a row, left to
 * `commit`; two effects, each in a step; a row without a lock; a row in the database of the server that began, as a step
 * has recorded it, whichever server goes on.
 */
export const WORKS = ['effect', 'commit', 'steps', 'single write', 'home step'] as const;
export type Work = (typeof WORKS)[number];

export function needsTransactions(work: Work): boolean {
  return work === 'commit' || work === 'single write';
}

/**
 * What is between the protocol and the tables: the port, each operation of it one step; the library's `DynamoDbStore`, each
 * of its requests one step, with answers that fit into the record or need a chunk beside it; or its `ValkeyStore`, each of
 * its scripts one step, whose server has the last word on when a lease is over.
 */
export type Store = 'port' | 'DynamoDB' | 'DynamoDB, long answers' | 'Valkey';

/** `'find out'`: a function that looks whether there was an effect, and sometimes cannot tell. */
export type WhenUncertain = 'retry' | 'block' | 'find out';

/** Everything that the parts of one schedule share. */
export interface World {
  readonly bounds: Bounds;
  readonly choices: Choices;
  readonly scheduler: Scheduler;
  readonly table: SimulatedTable;
  readonly checker: Checker;
  readonly databases: Databases;
  readonly mutant: Mutant | undefined;
  readonly front: Front;
  readonly work: Work;
  readonly store: Store;
  readonly onUncertain: WhenUncertain;
  readonly renewedLeaseMs: 'none' | number;
  readonly retentionSeconds: number;
  readonly onInProgress: OnInProgress;
  readonly cache: boolean;
  readonly guards: Guards;
  readonly history: HistoryLine[];
  faultsLeft: number;
  handlersMayFail: boolean;
  readonly keepsNotes: boolean;
  tell(actor: number | undefined, text: string): void;
}

export type StoreOperation = Parameters<Interception>[0];
