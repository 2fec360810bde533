import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ConfigurationError } from '../idempotency/errors.ts';
import { shielded } from '../idempotency/events.ts';
import { type Sleep, sleep } from '../idempotency/sleep.ts';
import { DynamoDbLockStore } from './dynamodb-lock-store.ts';
import { type LockEventListener, warnOfLockTrouble } from './events.ts';
import { PERMITS_MAX } from './lock-state.ts';
import type { LockStore } from './lock-store.ts';

/** Defaults of the options below. */
export const LOCK_DEFAULTS = Object.freeze({
  namespace: 'default',
  leaseMs: 10_000,
  clockSkewMs: 1000,
  waitMs: 10_000,
});

/** Of `createLocks`. */
export interface LocksOptions {
  /**
   * Table with the string partition key `id` and TTL on `expiration`: the idempotency table, or one like it. Throws beside
   * `store`. @defaultValue the environment variable `IDEMPOTENCY_TABLE`
   */
  readonly tableName?: string;
  /**
   * Client to use, for its region, endpoint, credentials, retries and time-outs. Throws beside `store`.
   * @defaultValue a client of its own, as `createDefaultClient` makes it
   */
  readonly client?: DynamoDBClient;
  /** Where locks are kept instead, such as `new MemoryLockStore()` in tests. @defaultValue a `DynamoDbLockStore` */
  readonly store?: LockStore;
  /**
   * Second part of every lock's id; resources of different namespaces never meet. Unlike that of idempotency records it is
   * the same for all functions by default, since a lock is there to be shared. 1 to 128 letters, digits, `-`, `_` and `.`.
   * @defaultValue 'default'
   */
  readonly namespace?: string;
  /**
   * How long a place stays taken when its holder dies, in milliseconds (1000 to 86400000, a day). Under `use` and `withLock`
   * the lease is renewed every third of it, and is only lost to a store that is out of reach, or an event loop that is
   * blocked, for two thirds of it. @defaultValue 10000
   */
  readonly leaseMs?: number;
  /**
   * By how much the clocks of two processes may differ, in milliseconds: added to the lease as others see it, and not
   * counted on by its holder. Fencing numbers protect the resource beyond that. @defaultValue 1000
   */
  readonly clockSkewMs?: number;
  /** Told of everything that locks do. @defaultValue a warning on standard error where a person should look */
  readonly onEvent?: LockEventListener;
  /** Epoch milliseconds, for tests. @defaultValue Date.now */
  readonly now?: () => number;
  /** A fresh unguessable owner token, for tests. @defaultValue 12 random bytes in base64url */
  readonly newOwner?: () => string;
  /** Every pause, for tests. @defaultValue the timers of Node.js */
  readonly sleep?: Sleep;
  /** A number of 0 to below 1, by which pauses vary, for tests. @defaultValue Math.random */
  readonly random?: () => number;
}

/** Options of one lock. */
export interface LockOptions {
  /** As in {@link LocksOptions}, for this resource. */
  readonly leaseMs?: number;
}

/** Options of one acquisition. */
export interface WaitOptions {
  /**
   * How long to wait for a place, in milliseconds (0 to 900000, the longest that a Lambda function can run). 0 tries once.
   * Then `LockNotAcquiredError`. @defaultValue 10000
   */
  readonly waitMs?: number;
  /** Ends the wait; the promise then rejects with its reason. It does not end the work under a grant. */
  readonly signal?: AbortSignal;
}

/** What the protocol works with: every option present and checked. */
export interface LockSettings {
  readonly store: LockStore;
  readonly namespace: string;
  readonly leaseMs: number;
  readonly clockSkewMs: number;
  readonly notify: LockEventListener;
  readonly now: () => number;
  readonly newOwner: () => string;
  readonly sleep: Sleep;
  readonly random: () => number;
}

/** A garbage collection, a new connection or one try again of the SDK must fit into two thirds of it. */
const LEASE_LEAST_MS = 1000;
/** Well below the week after which TTL may delete a record that is not used (acquisition.ts). */
const LEASE_MOST_MS = 86_400_000;
/** The longest that a Lambda function can run. */
const WAIT_MOST_MS = 900_000;

const LOCKS_NAMES: readonly (keyof LocksOptions)[] = [
  'tableName',
  'client',
  'store',
  'namespace',
  'leaseMs',
  'clockSkewMs',
  'onEvent',
  'now',
  'newOwner',
  'sleep',
  'random',
];
const FUNCTION_NAMES = ['onEvent', 'now', 'newOwner', 'sleep', 'random'] as const;

/** @throws ConfigurationError on an unknown name, a value of the wrong kind, or options that contradict each other */
export function resolveLocksOptions(options: LocksOptions): LockSettings {
  rejectUnknown(options, LOCKS_NAMES);
  for (const name of FUNCTION_NAMES) {
    check(options[name] === undefined || typeof options[name] === 'function', name, 'a function');
  }
  const { store, namespace = LOCK_DEFAULTS.namespace, clockSkewMs = LOCK_DEFAULTS.clockSkewMs } = options;
  check(
    typeof namespace === 'string' && /^[\w.-]{1,128}$/.test(namespace),
    'namespace',
    '1 to 128 letters, digits, "-", "_" and "."',
  );
  check(Number.isSafeInteger(clockSkewMs) && clockSkewMs >= 0, 'clockSkewMs', 'a whole number of at least 0');
  if (store !== undefined && (options.tableName !== undefined || options.client !== undefined)) {
    throw new ConfigurationError(
      'Options "store" and "tableName" or "client" contradict each other: the latter two are for the store that is made where none is given. Remove one of them.',
    );
  }
  check(store === undefined || typeof store?.take === 'function', 'store', 'a LockStore');
  return {
    store: store ?? storeFrom(options),
    namespace,
    leaseMs: resolveLease(options.leaseMs, LOCK_DEFAULTS.leaseMs),
    clockSkewMs,
    notify: shielded(options.onEvent ?? warnOfLockTrouble),
    now: options.now ?? Date.now,
    newOwner: options.newOwner ?? (() => randomBytes(12).toString('base64url')),
    sleep: options.sleep ?? sleep,
    random: options.random ?? Math.random,
  };
}

/** @throws ConfigurationError as above */
export function resolveLockOptions(options: LockOptions, { leaseMs }: Pick<LockSettings, 'leaseMs'>) {
  rejectUnknown(options, ['leaseMs']);
  return { leaseMs: resolveLease(options.leaseMs, leaseMs) };
}

/** @throws ConfigurationError as above */
export function resolveWaitOptions(options: WaitOptions): {
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
} {
  rejectUnknown(options, ['waitMs', 'signal']);
  const { waitMs = LOCK_DEFAULTS.waitMs, signal } = options;
  checkWithin('waitMs', waitMs, 0, WAIT_MOST_MS);
  check(
    signal === undefined || typeof signal?.throwIfAborted === 'function',
    'signal',
    'the signal of an AbortController',
  );
  return { waitMs, signal };
}

/** @throws ConfigurationError if they cannot be used */
export function checkResource(resource: string, permits: number): void {
  if (typeof resource !== 'string' || resource === '') {
    throw new ConfigurationError('A lock needs the name of a resource, a string that is not empty.');
  }
  if (!Number.isSafeInteger(permits) || permits < 1 || permits > PERMITS_MAX) {
    throw new ConfigurationError(`A semaphore takes a whole number of permits from 1 to ${PERMITS_MAX}.`);
  }
}

function resolveLease(leaseMs: number | undefined, otherwise: number): number {
  const resolved = leaseMs ?? otherwise;
  checkWithin('leaseMs', resolved, LEASE_LEAST_MS, LEASE_MOST_MS);
  return resolved;
}

function storeFrom({ tableName = process.env['IDEMPOTENCY_TABLE'], client }: LocksOptions): LockStore {
  if (!tableName) {
    throw new ConfigurationError(
      'No store: set the environment variable IDEMPOTENCY_TABLE to the name of the table, or give the option `tableName` or `store`.',
    );
  }
  return new DynamoDbLockStore({ tableName, ...(client === undefined ? {} : { client }) });
}

function rejectUnknown(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new ConfigurationError(`Unknown option "${name}". The options are: ${known.join(', ')}.`);
    }
  }
}

function checkWithin(name: string, value: number, least: number, most: number): void {
  const isWithin = Number.isSafeInteger(value) && value >= least && value <= most;
  check(isWithin, name, `a whole number from ${least} to ${most}`);
}

function check(holds: boolean, name: string, wanted: string): void {
  if (!holds) throw new ConfigurationError(`Option "${name}" must be ${wanted}.`);
}
