import type { Context } from 'aws-lambda';
import type { ReplayStatus } from '../http/replayed-answer.ts';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { RESULT_MAX_BYTES } from '../stores/result-size.ts';
import type { CacheLimits } from './cache-limits.ts';
import type { IdempotencyEventListener } from './events.ts';
import type { OnInProgress } from './on-in-progress.ts';
import type { OnUncertain } from './protocol.ts';
import type { Reconcile } from './reconciliation.ts';
import type { Sleep } from './sleep.ts';

/** Which record an operation has, as the store knows it. */
export interface RecordIdentity {
  /** Written into the table as it is: hashed, if the key is nobody's business. Not empty. */
  readonly id: string;
  /** Empty where nothing is to be compared. */
  readonly fingerprint: string;
}

/** How a key is kept from taking effect twice. */
export type Strategy = 'lock' | 'single-write';

/** Options of the protocol, for every kind of event. */
export interface ProtocolOptions<TEvent = unknown> {
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
   * Largest result that is kept, in bytes: UTF-8, of its JSON, before compression. A larger one goes to its caller and
   * consumes its key, and a replay says so without it (`ResultNotRecordedError`; over HTTP, the recorded status with a
   * problem document). A whole number from 1 to the store's `maxResultBytes`, or it throws. Lower it where replaying
   * large answers is not worth their write units. @defaultValue 6291456 (Lambda answers with no more)
   */
  readonly resultMaxBytes?: number;
  /**
   * `'lock'` acquires the key, runs the handler and completes the key. `'single-write'` runs the handler at once and puts
   * the record together with what it has left to `context.idempotency.commit`, in one transaction: one request in all, and
   * one for a duplicate. **The handler's body then runs on every duplicate**, and at the same time as others: choose it only
   * where nothing in the body but those writes has an effect. There is no lease then: `onUncertain`, `leaseMs` and
   * `onStoreUnavailable: 'run-unguarded'` throw beside it, as does a store without transactions.
   * @defaultValue 'lock'
   */
  readonly strategy?: Strategy;
  /**
   * What happens to a key whose last attempt ended without telling its outcome (a crash, a time-out, a completion
   * that failed), once its lease is over: `'retry'` runs the handler again, `'block'` answers 409 until the
   * retention is over or an operator has settled it. Choose `'block'` when a second run costs more than a lost one.
   *
   * A function finds out: it looks for the row or asks the foreign service, and resolves to
   * `{ outcome: 'completed', answer }`, `{ outcome: 'run' }` or `{ outcome: 'blocked' }`. It is called under the lock, with the
   * event and the derived keys; what it throws blocks the key until the next retry asks again.
   * @defaultValue 'retry'
   */
  readonly onUncertain?: OnUncertain | Reconcile<TEvent>;
  /**
   * What a duplicate gets while the first request is still running. `'reject'` answers 409 with `Retry-After` at
   * once. `{ waitMs }` waits for the result and replays it, for up to so many milliseconds (1 to 900000) and never past
   * the invocation's own deadline, half a second of which is kept to answer in; if there is no result by then, 409.
   *
   * If the first one failed meanwhile, a waiter runs the handler itself, provided that half of its time is left:
   * keep `waitMs` below half of the function's time-out, and the time-out below what the front door waits (API
   * Gateway: 29 or 30 s). A wait is paid as running time and occupies a sandbox, and costs a few reads of the store.
   * Choose it for callers that cannot come back by themselves.
   * @defaultValue 'reject'
   */
  readonly onInProgress?: OnInProgress;
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
  /**
   * Length of a lease that is shorter than the invocation and is renewed while the handler runs, in milliseconds (at least
   * 1000). After a crash the key is free so much sooner. It costs a request every third of its length, and a handler that
   * blocks the event loop, or a store that is out of reach, for two thirds of it loses the lease: see
   * `context.idempotency.signal`. `retryAfter` of refused duplicates gets shorter as well. Choose it for invocations that may
   * last minutes; a short function time-out does the same without requests.
   * @defaultValue none: the lease lasts as long as the invocation
   */
  readonly renewedLeaseMs?: number;
  /**
   * Whether completed records are kept in the process, so that a duplicate which comes to the same sandbox costs no
   * request: `true`, or the bounds of what is kept; see {@link CacheLimits}. Each guard has a cache of its own.
   *
   * A record that an operator deletes from the table is still replayed by the sandboxes that keep it, until it expires
   * or they end. Choose it where duplicates are frequent and come soon, or where results are large: a refused write
   * is charged by the size of the record.
   * @defaultValue false
   */
  readonly cache?: boolean | CacheLimits;
  /**
   * The record's id and fingerprint, in place of those that are made of `namespace`, key, caller, method and path (which
   * are not looked at then, and whose options throw beside it): for records that another library has to find, see
   * `sharedWithPowertools` of `./powertools`. `undefined` runs the function unguarded. An HTTP request is guarded
   * whatever its method, unless `methods` says otherwise; any other event is taken as it is.
   *
   * What it returns must tell every two operations apart: here is no scope by caller. @defaultValue none
   */
  readonly identity?: (
    event: TEvent,
    context: Context | undefined,
  ) => RecordIdentity | undefined | Promise<RecordIdentity | undefined>;
  /** Told of everything that the protocol does. @defaultValue a warning on standard error where a person should look */
  readonly onEvent?: IdempotencyEventListener;
  /**
   * Whether `onEvent` is also told of each call to the store and how long it took (`store-call`). It is one more event for
   * each call, so that it is for those who count them: see `metricsListener` of `./observability`. @defaultValue false
   */
  readonly storeTimings?: boolean;
  /** Epoch milliseconds, for tests. @defaultValue Date.now */
  readonly now?: () => number;
  /** A fresh unguessable owner token, for tests. @defaultValue crypto.randomUUID */
  readonly newOwner?: () => string;
  /** Every pause that somebody waits for, for tests. @defaultValue the timers of Node.js */
  readonly sleep?: Sleep;
  /** A number of 0 to below 1, by which pauses vary, for tests. @defaultValue Math.random */
  readonly random?: () => number;
}

/** Options for HTTP events, on top of the protocol's. */
export interface HttpOptions<TEvent = unknown> extends ProtocolOptions<TEvent> {
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
   * left of the invocation is the early time-out's and not the handler's. 0 where the early time-out is switched off.
   * @defaultValue 5 (Middy's own default)
   */
  readonly timeoutEarlyInMillis?: number;
  readonly key?: never;
}

/** Options for any other event: the function says what its key is. */
export interface KeyedOptions<TEvent = unknown> extends ProtocolOptions<TEvent> {
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
  resultMaxBytes: RESULT_MAX_BYTES,
  strategy: 'lock',
  onUncertain: 'retry',
  onInProgress: 'reject',
  onStoreUnavailable: 'reject',
  clockSkewMs: 1000,
  leaseMs: 15 * 60 * 1000,
  cache: false,
  storeTimings: false,
  keyHeader: 'Idempotency-Key',
  keyRequired: true,
  methods: Object.freeze(['POST', 'PATCH']),
  replayStatus: 'ok',
  documentationUrl: 'https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/',
  timeoutEarlyInMillis: 5,
} as const);
