import type { Context } from 'aws-lambda';
import { sha256Base64url } from './fingerprint.ts';
import type { CommitFunction } from './pending-writes.ts';
import type { StepFunction } from './steps.ts';

/** What a handler can know of the attempt that runs it: `context.idempotency`. */
export interface IdempotencyContext {
  /**
   * False where the handler runs without a lock: a method that needs none, a request without a key and
   * `keyRequired: false`, or an unreachable store and `onStoreUnavailable: 'run-unguarded'`.
   */
  readonly guarded: boolean;
  /** 1, and one more for each time that a lapsed lease was taken over: the fencing number of this attempt. */
  readonly attempt: number;
  /** Epoch milliseconds at which the lease ends as it stands now, renewed or not; undefined without a lock. */
  readonly leaseEndsAtMs: number | undefined;
  /**
   * Aborted when the lease is lost while the handler runs: another attempt has taken over, or a renewal did not get
   * through in time. Hand it to whatever takes long. Never aborted without a lock.
   */
  readonly signal: AbortSignal;
  /**
   * A key for one effect of this operation, UUID-shaped: the same on every attempt of the same idempotency key,
   * different for every `name` and for every other key. Use it as the id of the row to insert, or hand it to a
   * foreign service as its idempotency key. Without a lock it is random for each invocation.
   *
   * It is made from the hashed id alone (RFC 9562, version 8), so it tells nobody the client's key.
   */
  deriveKey(name: string): string;
  /**
   * Runs `fn` and records its result under the lock before it returns; an attempt that takes over later gets the recorded
   * result, and `fn` is not run. Between the end of `fn` and the recording lies a moment at which a crash makes the next
   * attempt run `fn` again: hand `deriveKey(name)` to whatever it calls. One more request for each step.
   *
   * The result is data, and goes through JSON on the first run too: a date comes back as its text, `undefined` as itself.
   * A handler that throws after a recorded step keeps its steps. If `fn` throws, nothing is recorded. Names are constants,
   * different within a handler; up to 100 of them. Without a lock, `fn` is run each time.
   *
   * @throws SupersededError if another attempt has taken over: go no further
   * @throws StepNotRecordedError if the result has no JSON, or does not fit beside the others into 400 KB
   * @throws StoreError if nobody tells whether it was recorded
   * @throws ConfigurationError for a name that is used twice, or beside `strategy: 'single-write'`
   */
  readonly step: StepFunction;
  /**
   * Hands over writes of the handler's, in the form of the document client (`{ Put | Update | Delete | ConditionCheck }`).
   * Nothing is sent now. When the handler has returned a result that is recorded (a status below 500), all writes that
   * were handed over and the completion of the key go out in one DynamoDB transaction: the rows exist if and only if the
   * key is consumed. When it throws, or answers 500 and above, nothing is sent. Without a lock the writes go out in a
   * transaction of their own.
   *
   * Calls add up: 99 writes and 4 MB in all, one write to each item. The values are copied; what is changed later in an
   * object that was handed over does not count.
   *
   * @throws CommitInvalidError at once, if the writes cannot be applied as they are
   * @throws ConfigurationError after the handler has ended, or if the store cannot write transactions
   */
  readonly commit: CommitFunction;
}

/** The Lambda context that a guarded handler receives. */
export type IdempotentContext = Context & { readonly idempotency: IdempotencyContext };

export interface HandlerContextSource {
  readonly guarded: boolean;
  readonly attempt: number;
  /** Absent without a lock. */
  readonly lease?: { readonly endsAtMs: number; readonly signal: AbortSignal };
  /** Record id, or something random where there is no record. */
  readonly seed: string;
  readonly step: StepFunction;
  readonly commit: CommitFunction;
}

export function idempotencyContext(source: HandlerContextSource): IdempotencyContext {
  return Object.freeze(new HandlerContext(source));
}

/** Accessors of a class and not of each object: see `ACCESSORS` in middy-outcome.ts. */
class HandlerContext implements IdempotencyContext {
  readonly guarded: boolean;
  readonly attempt: number;
  readonly step: StepFunction;
  readonly commit: CommitFunction;
  readonly deriveKey: (name: string) => string;
  readonly #lease: HandlerContextSource['lease'];
  #neverAborted: AbortSignal | undefined;

  constructor({ guarded, attempt, lease, seed, step, commit }: HandlerContextSource) {
    this.guarded = guarded;
    this.attempt = attempt;
    this.step = step;
    this.commit = commit;
    this.deriveKey = (name) => deriveKey(seed, name);
    this.#lease = lease;
  }

  get leaseEndsAtMs(): number | undefined {
    return this.#lease?.endsAtMs;
  }

  get signal(): AbortSignal {
    if (this.#lease !== undefined) return this.#lease.signal;
    this.#neverAborted ??= new AbortController().signal;
    return this.#neverAborted;
  }
}

/**
 * `context` with `idempotency` added. A plain object is copied: callers may hand one context to several invocations
 * at a time (the records of an SQS batch, a test), and each must see its own attempt. An instance of a class is
 * extended in place, since a copy would lose its private fields.
 */
export function withIdempotency<TContext>(
  context: TContext,
  idempotency: IdempotencyContext,
): TContext & { readonly idempotency: IdempotencyContext } {
  const original: object = Object(context ?? {});
  const prototype = Object.getPrototypeOf(original) as object | null;
  const isPlain = prototype === Object.prototype || prototype === null;
  const target = isPlain ? copyOf(original, prototype) : original;
  // The compiler cannot follow a property through defineProperty.
  return Object.defineProperty(target, 'idempotency', {
    value: idempotency,
    enumerable: true,
    configurable: true,
  }) as TContext & { readonly idempotency: IdempotencyContext };
}

/** Descriptors rather than values: the runtime's `callbackWaitsForEmptyEventLoop` is an accessor. */
function copyOf(original: object, prototype: object | null): object {
  const copy = Object.create(prototype) as Record<PropertyKey, unknown>;
  for (const name of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, name) as PropertyDescriptor;
    // Assigned where that comes to the same, in half the time. `__proto__` and its like are found in every object.
    // Stryker disable next-line ConditionalExpression: to define them all takes longer and comes to the same
    if (isPlainMember(descriptor) && !(name in copy)) copy[name] = descriptor.value;
    else Object.defineProperty(copy, name, descriptor);
  }
  return copy;
}

// Stryker disable next-line BlockStatement: to take none for plain takes longer and comes to the same
function isPlainMember({ writable, enumerable, configurable }: PropertyDescriptor): boolean {
  // Stryker disable next-line ConditionalExpression: to take none for plain takes longer and comes to the same
  return writable === true && enumerable === true && configurable === true;
}

function deriveKey(seed: string, name: string): string {
  const bytes = Buffer.from(sha256Base64url(JSON.stringify([seed, name])), 'base64url').subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
