import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { isTransactional } from '../stores/transactional-store.ts';
import { resolveCacheLimits } from './cache-limits.ts';
import { ConfigurationError } from './errors.ts';
import { shielded, warnOfTrouble } from './events.ts';
import { resolveOnInProgress } from './on-in-progress.ts';
import {
  DEFAULTS,
  type HttpOptions,
  type KeyedOptions,
  type ProtocolOptions,
  type RecordIdentity,
} from './options.ts';
import type { OnUncertain } from './protocol.ts';
import type { Reconcile } from './reconciliation.ts';
import { sleep } from './sleep.ts';
import { timedStore } from './timed-store.ts';
import { rejectUnknown } from './unknown-options.ts';
import { WarmCache } from './warm-cache.ts';

const NAMESPACE_MAX_LENGTH = 255;

/** A garbage collection, a new connection or one try again of the SDK must fit into two thirds of it. */
const RENEWED_LEASE_LEAST_MS = 1000;

const PROTOCOL_NAMES = [
  'store',
  'namespace',
  'retentionSeconds',
  'resultMaxBytes',
  'strategy',
  'onUncertain',
  'onInProgress',
  'onStoreUnavailable',
  'clockSkewMs',
  'leaseMs',
  'renewedLeaseMs',
  'cache',
  'onEvent',
  'storeTimings',
  'now',
  'newOwner',
  'sleep',
  'random',
  'fingerprint',
  'identity',
] as const;
const HTTP_NAMES = [
  'keyHeader',
  'keyRequired',
  'methods',
  'replayStatus',
  'caller',
  'documentationUrl',
  'timeoutEarlyInMillis',
] as const;

/** Options that say something about leases. */
const LEASE_OPTIONS: readonly (keyof ProtocolOptions)[] = ['onUncertain', 'leaseMs', 'renewedLeaseMs'];
const FUNCTION_NAMES = ['onEvent', 'now', 'newOwner', 'sleep', 'random', 'fingerprint', 'identity', 'caller'];

/** Options that say of what the id and the fingerprint of a record are made. */
const BESIDE_NO_IDENTITY = ['key', 'fingerprint', 'caller', 'namespace', 'keyHeader', 'keyRequired'];

type Identity = (
  event: unknown,
  context: Context | undefined,
) => RecordIdentity | undefined | Promise<RecordIdentity | undefined>;

/** Opens the store that is used where the options name none. */
export type OpenStore = (tableName: string) => IdempotencyStore;

/** What the guard works with: every option present and checked. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

/**
 * Checks the options and fills in the defaults, once, at cold start.
 * @throws ConfigurationError on an unknown name, a value of the wrong kind, or options that contradict each other
 */
export function resolveOptions(options: HttpOptions<never> | KeyedOptions<never>, openStore: OpenStore) {
  rejectUnknownNames(options);
  const { key } = options as { key?: unknown };
  check(
    key === undefined || typeof key === 'function',
    'key',
    'a function of the event that returns the key',
  );
  // Beside `key` there are no others of these: see rejectUnknownNames.
  const http = options as HttpOptions<never>;
  const { store, onInProgress = DEFAULTS.onInProgress, cache = DEFAULTS.cache } = options;
  const isStore = store === undefined || typeof store?.acquire === 'function';
  check(isStore, 'store', 'an IdempotencyStore, such as new DynamoDbStore({ tableName })');
  checkNumber('retentionSeconds', options.retentionSeconds, 1);
  checkNumber('resultMaxBytes', options.resultMaxBytes, 1);
  checkNumber('clockSkewMs', options.clockSkewMs, 0);
  checkNumber('leaseMs', options.leaseMs, 1);
  checkNumber('renewedLeaseMs', options.renewedLeaseMs, RENEWED_LEASE_LEAST_MS);
  checkNumber('timeoutEarlyInMillis', http.timeoutEarlyInMillis, 0);
  checkOneOf('strategy', options.strategy, ['lock', 'single-write']);
  const { onUncertain = DEFAULTS.onUncertain } = options;
  check(
    typeof onUncertain === 'function' || ['retry', 'block'].includes(onUncertain),
    'onUncertain',
    '"retry" or "block", or a function that finds out',
  );
  checkOneOf('onStoreUnavailable', options.onStoreUnavailable, ['reject', 'run-unguarded']);
  checkOneOf('replayStatus', http.replayStatus, ['ok', 'original']);
  checkOneOf('keyRequired', http.keyRequired, [true, false]);
  checkOneOf('storeTimings', options.storeTimings, [true, false]);
  for (const name of FUNCTION_NAMES) {
    const value = (options as Record<string, unknown>)[name];
    check(value === undefined || typeof value === 'function', name, 'a function');
  }
  const documentationUrl = http.documentationUrl ?? DEFAULTS.documentationUrl;
  check(URL.canParse(documentationUrl), 'documentationUrl', 'an absolute URL');

  const notify = shielded(options.onEvent ?? warnOfTrouble);
  const storeTimings = options.storeTimings ?? DEFAULTS.storeTimings;
  const usedStore = store ?? storeFromEnvironment(openStore);
  const resolved = {
    store: storeTimings ? timedStore(usedStore, notify) : usedStore,
    namespace: resolveNamespace(options.namespace),
    retentionSeconds: options.retentionSeconds ?? DEFAULTS.retentionSeconds,
    resultMaxBytes: options.resultMaxBytes ?? DEFAULTS.resultMaxBytes,
    strategy: options.strategy ?? DEFAULTS.strategy,
    // As the callbacks below.
    onUncertain: onUncertain as OnUncertain | Reconcile,
    onInProgress: resolveOnInProgress(onInProgress),
    onStoreUnavailable: options.onStoreUnavailable ?? DEFAULTS.onStoreUnavailable,
    clockSkewMs: options.clockSkewMs ?? DEFAULTS.clockSkewMs,
    leaseMs: options.leaseMs ?? DEFAULTS.leaseMs,
    renewedLeaseMs: options.renewedLeaseMs,
    cache: resolveCacheLimits(cache),
    storeTimings,
    notify,
    now: options.now ?? Date.now,
    newOwner: options.newOwner ?? randomUUID,
    sleep: options.sleep ?? sleep,
    random: options.random ?? Math.random,
    // The callbacks take the user's event type, of which nothing is known here: they are handed what Lambda sent.
    key: options.key as ((event: unknown, context: Context | undefined) => string | undefined) | undefined,
    fingerprint: options.fingerprint as ((event: unknown) => unknown) | undefined,
    identity: options.identity as Identity | undefined,
    caller: http.caller as ((event: unknown) => string | undefined) | undefined,
    keyHeader: resolveKeyHeader(http.keyHeader),
    keyRequired: http.keyRequired ?? DEFAULTS.keyRequired,
    methods: resolveMethods(http.methods),
    choosesMethods: http.methods !== undefined,
    replayStatus: http.replayStatus ?? DEFAULTS.replayStatus,
    documentationUrl,
    timeoutEarlyInMillis: http.timeoutEarlyInMillis ?? DEFAULTS.timeoutEarlyInMillis,
  };
  if (resolved.identity !== undefined) rejectBesideIdentity(options);
  rejectContradictions(resolved, options.leaseMs);
  rejectLargerThanStore(options.resultMaxBytes, resolved.store);
  rejectLongRenewedLease(resolved.renewedLeaseMs, resolved.leaseMs);
  rejectBeyondPromises(resolved);
  if (resolved.strategy === 'single-write') rejectBesideSingleWrite(options, resolved.store);
  const warmCache = resolved.cache === false ? undefined : new WarmCache(resolved.cache, resolved);
  return Object.freeze({ ...resolved, warmCache, remember: warmCache?.remember });
}

function rejectUnknownNames(options: object): void {
  const keyed = (options as { key?: unknown }).key !== undefined;
  const known: readonly string[] = [...PROTOCOL_NAMES, ...HTTP_NAMES, 'key'];
  rejectUnknown(options, known);
  for (const name of Object.keys(options)) {
    if (keyed && (HTTP_NAMES as readonly string[]).includes(name)) {
      throw new ConfigurationError(
        `Options "key" and "${name}" contradict each other: "key" is for events that are not HTTP requests, where there is no header, method or caller to read. Remove one of them.`,
      );
    }
  }
}

function rejectBesideIdentity(options: object): void {
  const given = BESIDE_NO_IDENTITY.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (given === undefined) return;
  throw new ConfigurationError(
    `Options "identity" and "${given}" contradict each other: the first says which record an operation has, and "${given}" would have no say in it. Remove one of them.`,
  );
}

function rejectContradictions(
  resolved: {
    readonly onUncertain: OnUncertain | Reconcile;
    readonly onStoreUnavailable: 'reject' | 'run-unguarded';
    readonly retentionSeconds: number;
  },
  leaseMs: number | undefined,
): void {
  const { onUncertain } = resolved;
  if (onUncertain !== 'retry' && resolved.onStoreUnavailable === 'run-unguarded') {
    const given = onUncertain === 'block' ? `"onUncertain: 'block'"` : '"onUncertain" with a function';
    throw new ConfigurationError(
      `Options ${given} and "onStoreUnavailable: 'run-unguarded'" contradict each other: the first never risks a second run, the second does. Choose 'reject' or 'retry'.`,
    );
  }
  if ((leaseMs ?? 0) > resolved.retentionSeconds * 1000) {
    throw new ConfigurationError(
      `Option "retentionSeconds" (${resolved.retentionSeconds}) must cover "leaseMs" (${leaseMs} ms): a record must not expire while its lease lives. Raise the first or lower the second.`,
    );
  }
}

function rejectLargerThanStore(
  resultMaxBytes: number | undefined,
  { maxResultBytes }: IdempotencyStore,
): void {
  if ((resultMaxBytes ?? 0) > maxResultBytes) {
    throw new ConfigurationError(
      `Option "resultMaxBytes" (${resultMaxBytes}) is more than the store can keep (its maxResultBytes is ${maxResultBytes}). Lower the first.`,
    );
  }
}

function rejectBeyondPromises({
  store: { promises },
  onUncertain,
  renewedLeaseMs,
}: {
  readonly store: IdempotencyStore;
  readonly onUncertain: OnUncertain | Reconcile;
  readonly renewedLeaseMs: number | undefined;
}): void {
  if (promises === undefined) return;
  if (!promises.takesOver && onUncertain !== 'block') {
    throw new ConfigurationError(
      `This store cannot take over a lease that is over: the key stays blocked until its record expires. Say so with "onUncertain: 'block'", or choose a store that can.`,
    );
  }
  if (!promises.renews && renewedLeaseMs !== undefined) {
    throw new ConfigurationError(
      'Option "renewedLeaseMs" needs a store that can renew leases, and this one cannot. Remove the option.',
    );
  }
}

/** Without a lock there is no lease that could lapse, and nothing that could run without one. */
function rejectBesideSingleWrite(options: ProtocolOptions<never>, store: IdempotencyStore): void {
  const contradicting: string[] = LEASE_OPTIONS.filter((name) => options[name] !== undefined);
  if (options.onStoreUnavailable === 'run-unguarded') contradicting.push('onStoreUnavailable');
  const [name] = contradicting;
  if (name !== undefined) {
    throw new ConfigurationError(
      `Options "strategy: 'single-write'" and "${name}" contradict each other: the record is written with the effects in one transaction, so there is no lock, and no lease that could end. Remove one of them.`,
    );
  }
  if (!isTransactional(store)) {
    throw new ConfigurationError(
      `Option "strategy: 'single-write'" needs a store that can write the record and other items in one transaction, such as DynamoDbStore. A store of your own has to implement TransactionalStore.`,
    );
  }
}

function rejectLongRenewedLease(renewedLeaseMs: number | undefined, leaseMs: number): void {
  if (renewedLeaseMs === undefined || renewedLeaseMs < leaseMs) return;
  throw new ConfigurationError(
    `Option "renewedLeaseMs" (${renewedLeaseMs}) must be less than "leaseMs" (${leaseMs}), the longest that a run can take: otherwise nothing is ever renewed. Lower the first or remove it.`,
  );
}

function resolveNamespace(namespace: string | undefined): string {
  const resolved = namespace ?? process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'lambda';
  const fits = typeof resolved === 'string' && resolved.length > 0 && resolved.length <= NAMESPACE_MAX_LENGTH;
  check(fits, 'namespace', `a string of 1 to ${NAMESPACE_MAX_LENGTH} characters`);
  return resolved;
}

function resolveKeyHeader(keyHeader: string | undefined): string {
  const resolved = keyHeader ?? DEFAULTS.keyHeader;
  // A field name is a token: RFC 9110, section 5.6.2.
  const isToken = typeof resolved === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(resolved);
  check(isToken, 'keyHeader', 'the name of an HTTP header');
  return resolved;
}

function resolveMethods(methods: readonly string[] | undefined): ReadonlySet<string> {
  const resolved: readonly string[] = methods ?? DEFAULTS.methods;
  const usable =
    Array.isArray(resolved) &&
    resolved.length > 0 &&
    resolved.every((method) => typeof method === 'string' && /^[A-Za-z]+$/.test(method));
  check(usable, 'methods', "a list of HTTP methods that is not empty, such as ['POST', 'PATCH']");
  return new Set(resolved.map((method) => method.toUpperCase()));
}

function storeFromEnvironment(openStore: OpenStore): IdempotencyStore {
  const tableName = process.env['IDEMPOTENCY_TABLE'];
  if (!tableName) {
    throw new ConfigurationError(
      'No store: set the environment variable IDEMPOTENCY_TABLE to the name of the idempotency table, or give the option `store`, for instance new DynamoDbStore({ tableName }).',
    );
  }
  return openStore(tableName);
}

function check(holds: boolean, name: string, wanted: string): asserts holds {
  if (!holds) throw new ConfigurationError(`Option "${name}" must be ${wanted}.`);
}

function checkNumber(name: string, value: number | undefined, least: number): void {
  check(
    value === undefined || (Number.isSafeInteger(value) && value >= least),
    name,
    `a whole number of at least ${least}`,
  );
}

function checkOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  const list = allowed.map((one) => JSON.stringify(one)).join(' or ');
  check(value === undefined || allowed.includes(value), name, list);
}
