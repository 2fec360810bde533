import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { ReplayStatus } from '../http/replayed-answer.ts';
import { DynamoDbStore } from '../stores/dynamodb-store.ts';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { ConfigurationError } from './errors.ts';
import { type IdempotencyEventListener, shielded, warnOfTrouble } from './events.ts';
import type { OnUncertain } from './protocol.ts';

/** Options of the protocol, for every kind of event. */
export interface ProtocolOptions {
  /**
   * Where the records lie.
   * @defaultValue a `DynamoDbStore` on the table that the environment variable `IDEMPOTENCY_TABLE` names
   */
  readonly store?: IdempotencyStore;
  /**
   * First part of every record's id; keys of different namespaces never meet. Set it when one table serves several
   * functions that share an operation, or to keep ids stable while a function is renamed. At most 255 characters.
   * @defaultValue the function's name (`AWS_LAMBDA_FUNCTION_NAME`)
   */
  readonly namespace?: string;
  /**
   * How long a result is kept and replayed, in seconds, counted from the completion. Clients must not retry for
   * longer. @defaultValue 86400 (a day)
   */
  readonly retentionSeconds?: number;
  /**
   * What happens to a key whose last attempt ended without telling its outcome (a crash, a time-out, a completion
   * that failed), once its lease is over: `'retry'` runs the handler again, `'block'` answers 409 until the
   * retention is over or an operator has settled it. Choose `'block'` when a second run costs more than a lost one.
   * @defaultValue 'retry'
   */
  readonly onUncertain?: OnUncertain;
  /**
   * What happens when the store cannot be reached: `'reject'` answers 503 and the handler does not run;
   * `'run-unguarded'` runs it without a lock, `context.idempotency.guarded` being false and the event
   * `unguarded` sent. Choose the second only where a lost request is worse than a doubled one.
   * @defaultValue 'reject'
   */
  readonly onStoreUnavailable?: 'reject' | 'run-unguarded';
  /**
   * Added to the invocation's remaining time to make the lease, in milliseconds: by how much the clocks of two
   * sandboxes may differ. @defaultValue 1000
   */
  readonly clockSkewMs?: number;
  /**
   * Length of the lease, in milliseconds, where there is no Lambda context to tell how long the invocation may
   * still run. It must be longer than the function can take. @defaultValue 900000 (the longest that a Lambda
   * function can run)
   */
  readonly leaseMs?: number;
  /** Told of everything that the protocol does. @defaultValue a warning on standard error where a person should look */
  readonly onEvent?: IdempotencyEventListener;
  /** Epoch milliseconds, for tests. @defaultValue Date.now */
  readonly now?: () => number;
  /** A fresh unguessable owner token, for tests. @defaultValue crypto.randomUUID */
  readonly newOwner?: () => string;
}

/** Options for HTTP events, on top of the protocol's. */
export interface HttpOptions<TEvent = unknown> extends ProtocolOptions {
  /** Name of the request header that carries the key; case does not matter. @defaultValue 'Idempotency-Key' */
  readonly keyHeader?: string;
  /**
   * Whether a guarded method needs a key. With `false`, a request without one runs unguarded; a malformed key is
   * refused all the same. @defaultValue true
   */
  readonly keyRequired?: boolean;
  /** Methods that are guarded; on all others a key is ignored. @defaultValue ['POST', 'PATCH'] */
  readonly methods?: readonly string[];
  /**
   * Status of a replay whose original was 201: `'ok'` says 200, because nothing was created this time;
   * `'original'` repeats 201. @defaultValue 'ok'
   */
  readonly replayStatus?: ReplayStatus;
  /**
   * Who calls, so that two callers can use the same key. Needed where the handler authenticates by itself: without
   * an authorizer all callers share one scope. Return the same value for every retry (a user id, never a token that
   * is refreshed). @defaultValue the identity that API Gateway's or the load balancer's authorizer found
   */
  readonly caller?: (event: TEvent) => string | undefined;
  /**
   * The part of the request that must not change between retries. Any JSON value.
   * @defaultValue the query and the body, JSON compared by value
   */
  readonly fingerprint?: (event: TEvent) => unknown;
  /** URL of the documentation that error answers link to. @defaultValue the Idempotency-Key draft */
  readonly documentationUrl?: string;
  /**
   * The `timeoutEarlyInMillis` of your `middy()`, if you have set it. An answer that comes when no more than this is
   * left of the invocation is the early time-out's and not the handler's. @defaultValue 5 (Middy's own default)
   */
  readonly timeoutEarlyInMillis?: number;
  readonly key?: never;
}

/** Options for any other event: the function says what its key is. */
export interface KeyedOptions<TEvent = unknown> extends ProtocolOptions {
  /**
   * The idempotency key of an event: a message id, an order number. `undefined` runs the function unguarded.
   * Any non-empty string; it is hashed and never stored.
   */
  readonly key: (event: TEvent, context: Context | undefined) => string | undefined;
  /**
   * The part of the event that must be the same on every delivery. Any JSON value.
   * @defaultValue nothing is compared, since redelivered events differ in their metadata
   */
  readonly fingerprint?: (event: TEvent) => unknown;
}

/** Every default in one place; the documentation repeats them and a test compares the two. */
export const DEFAULTS = Object.freeze({
  retentionSeconds: 24 * 60 * 60,
  onUncertain: 'retry',
  onStoreUnavailable: 'reject',
  clockSkewMs: 1000,
  leaseMs: 15 * 60 * 1000,
  keyHeader: 'Idempotency-Key',
  keyRequired: true,
  methods: Object.freeze(['POST', 'PATCH']),
  replayStatus: 'ok',
  documentationUrl: 'https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/',
  timeoutEarlyInMillis: 5,
} as const);

const NAMESPACE_MAX_LENGTH = 255;

const PROTOCOL_NAMES = [
  'store',
  'namespace',
  'retentionSeconds',
  'onUncertain',
  'onStoreUnavailable',
  'clockSkewMs',
  'leaseMs',
  'onEvent',
  'now',
  'newOwner',
  'fingerprint',
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

/** What the guard works with: every option present and checked. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

/**
 * Checks the options and fills in the defaults, once, at cold start.
 * @throws ConfigurationError on an unknown name, a value of the wrong kind, or options that contradict each other
 */
export function resolveOptions(options: HttpOptions<never> | KeyedOptions<never>) {
  rejectUnknownNames(options);
  const { key } = options as { key?: unknown };
  check(
    key === undefined || typeof key === 'function',
    'key',
    'a function of the event that returns the key',
  );
  const http = 'key' in options && options.key !== undefined ? {} : (options as HttpOptions<never>);
  checkNumber('retentionSeconds', options.retentionSeconds, 1);
  checkNumber('clockSkewMs', options.clockSkewMs, 0);
  checkNumber('leaseMs', options.leaseMs, 1);
  checkNumber('timeoutEarlyInMillis', http.timeoutEarlyInMillis, 0);
  checkOneOf('onUncertain', options.onUncertain, ['retry', 'block']);
  checkOneOf('onStoreUnavailable', options.onStoreUnavailable, ['reject', 'run-unguarded']);
  checkOneOf('replayStatus', http.replayStatus, ['ok', 'original']);
  checkOneOf('keyRequired', http.keyRequired, [true, false]);
  for (const name of ['onEvent', 'now', 'newOwner', 'fingerprint', 'caller'] as const) {
    const value = (options as Record<string, unknown>)[name];
    check(value === undefined || typeof value === 'function', name, 'a function');
  }
  const documentationUrl = http.documentationUrl ?? DEFAULTS.documentationUrl;
  check(URL.canParse(documentationUrl), 'documentationUrl', 'an absolute URL');

  const resolved = {
    store: options.store ?? storeFromEnvironment(),
    namespace: resolveNamespace(options.namespace),
    retentionSeconds: options.retentionSeconds ?? DEFAULTS.retentionSeconds,
    onUncertain: options.onUncertain ?? DEFAULTS.onUncertain,
    onStoreUnavailable: options.onStoreUnavailable ?? DEFAULTS.onStoreUnavailable,
    clockSkewMs: options.clockSkewMs ?? DEFAULTS.clockSkewMs,
    leaseMs: options.leaseMs ?? DEFAULTS.leaseMs,
    notify: shielded(options.onEvent ?? warnOfTrouble),
    now: options.now ?? Date.now,
    newOwner: options.newOwner ?? randomUUID,
    // The callbacks take the user's event type, of which nothing is known here: they are handed what Lambda sent.
    key: options.key as ((event: unknown, context: Context | undefined) => string | undefined) | undefined,
    fingerprint: options.fingerprint as ((event: unknown) => unknown) | undefined,
    caller: http.caller as ((event: unknown) => string | undefined) | undefined,
    keyHeader: resolveKeyHeader(http.keyHeader),
    keyRequired: http.keyRequired ?? DEFAULTS.keyRequired,
    methods: resolveMethods(http.methods),
    replayStatus: http.replayStatus ?? DEFAULTS.replayStatus,
    documentationUrl,
    timeoutEarlyInMillis: http.timeoutEarlyInMillis ?? DEFAULTS.timeoutEarlyInMillis,
  };
  rejectContradictions(resolved, options.leaseMs);
  return Object.freeze(resolved);
}

function rejectUnknownNames(options: object): void {
  const keyed = 'key' in options && options.key !== undefined;
  const known: readonly string[] = [...PROTOCOL_NAMES, ...HTTP_NAMES, 'key'];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new ConfigurationError(`Unknown option "${name}". The options are: ${known.join(', ')}.`);
    }
    if (keyed && (HTTP_NAMES as readonly string[]).includes(name)) {
      throw new ConfigurationError(
        `Options "key" and "${name}" contradict each other: "key" is for events that are not HTTP requests, where there is no header, method or caller to read. Remove one of them.`,
      );
    }
  }
}

function rejectContradictions(
  resolved: {
    readonly onUncertain: OnUncertain;
    readonly onStoreUnavailable: 'reject' | 'run-unguarded';
    readonly retentionSeconds: number;
  },
  leaseMs: number | undefined,
): void {
  if (resolved.onUncertain === 'block' && resolved.onStoreUnavailable === 'run-unguarded') {
    throw new ConfigurationError(
      `Options "onUncertain: 'block'" and "onStoreUnavailable: 'run-unguarded'" contradict each other: the first never risks a second run, the second does. Choose 'reject' or 'retry'.`,
    );
  }
  if (leaseMs !== undefined && leaseMs > resolved.retentionSeconds * 1000) {
    throw new ConfigurationError(
      `Option "retentionSeconds" (${resolved.retentionSeconds}) must cover "leaseMs" (${leaseMs} ms): a record must not expire while its lease lives. Raise the first or lower the second.`,
    );
  }
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

function storeFromEnvironment(): IdempotencyStore {
  const tableName = process.env['IDEMPOTENCY_TABLE'];
  if (!tableName) {
    throw new ConfigurationError(
      'No store: set the environment variable IDEMPOTENCY_TABLE to the name of the idempotency table, or give the option `store`, for instance new DynamoDbStore({ tableName }).',
    );
  }
  return new DynamoDbStore({ tableName });
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
