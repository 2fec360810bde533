/**
 * One family of errors. Each has a literal `code`, the `statusCode` that an HTTP caller gets, and `retryable`:
 * whether sending the same request with the same key again can succeed. No message ever carries a key, a
 * payload or a recorded response.
 */

import type { OmissionReason } from '../stores/idempotency-store.ts';
import type { FailedWrite } from '../stores/transactional-store.ts';

/** What an error of this library is, for code. It does not change between versions; messages may. */
export type IdempotencyErrorCode =
  | 'KEY_MISSING'
  | 'KEY_INVALID'
  | 'IN_PROGRESS'
  | 'PAYLOAD_MISMATCH'
  | 'OUTCOME_UNKNOWN'
  | 'SUPERSEDED'
  | 'STORE_UNAVAILABLE'
  | 'RESULT_TOO_LARGE'
  | 'RESULT_NOT_RECORDED'
  | 'STEP_NOT_RECORDED'
  | 'COMMIT_CONDITION_FAILED'
  | 'COMMIT_INVALID'
  | 'LOCK_NOT_ACQUIRED'
  | 'LEASE_LOST'
  | 'PERMITS_MISMATCH'
  | 'CONFIGURATION';

interface ErrorTraits {
  readonly code: IdempotencyErrorCode;
  readonly statusCode: number;
  readonly retryable: boolean;
  /** Earliest time, in milliseconds from now, at which a retry makes sense. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The family of this library's errors. No message carries a key, a payload or a result. Tell them apart by `code`. */
export class IdempotencyError extends Error {
  readonly code: IdempotencyErrorCode;
  /** The HTTP status of the answer that is made of it. */
  readonly statusCode: number;
  /** Whether the same request, with the same key, may succeed later. */
  readonly retryable: boolean;
  /** Milliseconds after which that makes sense, where it is known. */
  readonly retryAfterMs: number | undefined;
  /** Tells error handlers of the http-errors convention (Middy's among them) that the message may be shown. */
  readonly expose: boolean;

  constructor(message: string, traits: ErrorTraits) {
    super(message, traits.cause === undefined ? undefined : { cause: traits.cause });
    this.name = new.target.name;
    this.code = traits.code;
    this.statusCode = traits.statusCode;
    this.retryable = traits.retryable;
    this.retryAfterMs = traits.retryAfterMs;
    this.expose = traits.statusCode < 500;
  }
}

/** The request carries no key although the operation needs one. */
export class KeyMissingError extends IdempotencyError {
  declare readonly code: 'KEY_MISSING';
  constructor(headerName: string) {
    super(
      `This operation needs the ${headerName} header: a unique value, such as a UUID, that is new for each operation and the same on every retry of it.`,
      { code: 'KEY_MISSING', statusCode: 400, retryable: false },
    );
  }
}

/** The key is there but cannot be used; `reason` is a full sentence that says what would be right. */
export class KeyInvalidError extends IdempotencyError {
  declare readonly code: 'KEY_INVALID';
  constructor(reason: string) {
    super(reason, { code: 'KEY_INVALID', statusCode: 400, retryable: false });
  }
}

/** Another attempt with this key holds a live lease. */
export class InProgressError extends IdempotencyError {
  declare readonly code: 'IN_PROGRESS';
  constructor(retryAfterMs: number) {
    super(
      'A request with this idempotency key is still being processed. Send it again later, with the same key.',
      {
        code: 'IN_PROGRESS',
        statusCode: 409,
        retryable: true,
        retryAfterMs,
      },
    );
  }
}

/** The key was first used with another payload. */
export class PayloadMismatchError extends IdempotencyError {
  declare readonly code: 'PAYLOAD_MISMATCH';
  constructor() {
    super(
      'This idempotency key was already used with a different request. Use a new key for a new operation, and repeat a request unchanged.',
      { code: 'PAYLOAD_MISMATCH', statusCode: 422, retryable: false },
    );
  }
}

/**
 * An earlier attempt ended without telling its outcome, and `onUncertain` keeps others from running: `'block'`, or a function
 * that could not find out. With a function, a retry asks again; what it threw is the `cause`.
 */
export class OutcomeUnknownError extends IdempotencyError {
  declare readonly code: 'OUTCOME_UNKNOWN';
  constructor(options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {}) {
    const { cause, retryAfterMs } = options;
    super(
      'An earlier request with this idempotency key ended without a known outcome. It is not run again until the outcome has been settled.',
      {
        code: 'OUTCOME_UNKNOWN',
        statusCode: 409,
        retryable: retryAfterMs !== undefined,
        cause,
        retryAfterMs,
      },
    );
  }
}

/** This attempt lost its lease to another one, whose result is not known yet. */
export class SupersededError extends IdempotencyError {
  declare readonly code: 'SUPERSEDED';
  constructor(retryAfterMs: number) {
    super(
      'This request ran longer than its lease, and another attempt with the same idempotency key has taken over. Send it again later, with the same key, for the result.',
      { code: 'SUPERSEDED', statusCode: 409, retryable: true, retryAfterMs },
    );
  }
}

/** The store could not be reached or did not answer in a way that tells what happened. The handler did not run. */
export class StoreError extends IdempotencyError {
  declare readonly code: 'STORE_UNAVAILABLE';
  /**
   * True if the store could tell that the operation took effect, but not with which result: then the handler must not
   * run, not even where it may run without a lock.
   */
  readonly keyConsumed: boolean;
  constructor(
    message: string,
    options: {
      readonly cause?: unknown;
      readonly retryAfterMs?: number;
      readonly keyConsumed?: boolean;
    } = {},
  ) {
    super(message, {
      code: 'STORE_UNAVAILABLE',
      statusCode: 503,
      retryable: true,
      retryAfterMs: options.retryAfterMs ?? 1000,
      cause: options.cause,
    });
    this.keyConsumed = options.keyConsumed ?? false;
  }
}

/**
 * The store could not keep a result of this size: it is beyond its bounds, or writing so much failed (then `cause`
 * says how). The record is as it was, and the key can be completed without the result.
 */
export class ResultTooLargeError extends IdempotencyError {
  declare readonly code: 'RESULT_TOO_LARGE';
  constructor(options: { readonly cause?: unknown } = {}) {
    super('The result is too large for the idempotency record.', {
      code: 'RESULT_TOO_LARGE',
      statusCode: 500,
      retryable: false,
      cause: options.cause,
    });
  }
}

const WHY_OMITTED: Readonly<Record<OmissionReason, string>> = {
  'too-large': 'was too large for the idempotency record',
  'not-serializable': 'was not serializable and could not be kept',
  lost: 'can no longer be read from the idempotency record',
};

/** The operation took effect earlier, but its result was not recorded or is lost, and so cannot be given again. */
export class ResultNotRecordedError extends IdempotencyError {
  declare readonly code: 'RESULT_NOT_RECORDED';
  readonly reason: OmissionReason;
  constructor(reason: OmissionReason) {
    super(
      `The operation took effect when it was first requested, but its result ${WHY_OMITTED[reason]}. It is not run again.`,
      { code: 'RESULT_NOT_RECORDED', statusCode: 500, retryable: false },
    );
    this.reason = reason;
  }
}

/** A step took effect, but its result cannot be recorded, and the next attempt will run it again. */
export class StepNotRecordedError extends IdempotencyError {
  declare readonly code: 'STEP_NOT_RECORDED';
  readonly reason: OmissionReason;
  constructor(step: string, reason: OmissionReason, options: { readonly cause?: unknown } = {}) {
    super(
      `The result of step "${step}" ${
        reason === 'too-large'
          ? 'does not fit into the idempotency record, which takes 400 KB with all steps together. Return an id, and put the rest elsewhere'
          : 'has no JSON and cannot be recorded. Return plain data, without bigints and cycles'
      }.`,
      { code: 'STEP_NOT_RECORDED', statusCode: 500, retryable: false, cause: options.cause },
    );
    this.reason = reason;
  }
}

/**
 * A condition of the handler's own writes did not hold when they were committed: nothing was written, and the key was
 * given back. `reasons` says which writes; the message does not, for callers are shown it.
 */
export class CommitConditionError extends IdempotencyError {
  declare readonly code: 'COMMIT_CONDITION_FAILED';
  /** The writes that stood in the way, by their place among all that were given to `commit`. */
  readonly reasons: readonly FailedWrite[];
  constructor(reasons: readonly FailedWrite[]) {
    super('The operation was not carried out, because a condition for it was not met. Nothing was changed.', {
      code: 'COMMIT_CONDITION_FAILED',
      statusCode: 409,
      retryable: false,
    });
    this.reasons = reasons;
  }
}

/** The writes given to `commit` can never be applied as they are; the message says why and what would be right. */
export class CommitInvalidError extends IdempotencyError {
  declare readonly code: 'COMMIT_INVALID';
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { code: 'COMMIT_INVALID', statusCode: 500, retryable: false, cause: options.cause });
  }
}

/** The options, the environment or the event do not allow the handler to be guarded; the message says the fix. */
export class ConfigurationError extends IdempotencyError {
  declare readonly code: 'CONFIGURATION';
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { code: 'CONFIGURATION', statusCode: 500, retryable: false, cause: options.cause });
  }
}

const CODES: ReadonlySet<unknown> = new Set<IdempotencyErrorCode>([
  'KEY_MISSING',
  'KEY_INVALID',
  'IN_PROGRESS',
  'PAYLOAD_MISMATCH',
  'OUTCOME_UNKNOWN',
  'SUPERSEDED',
  'STORE_UNAVAILABLE',
  'RESULT_TOO_LARGE',
  'RESULT_NOT_RECORDED',
  'STEP_NOT_RECORDED',
  'COMMIT_CONDITION_FAILED',
  'COMMIT_INVALID',
  'LOCK_NOT_ACQUIRED',
  'LEASE_LOST',
  'PERMITS_MISMATCH',
  'CONFIGURATION',
]);

/** True for errors of this family, also for those of another copy of this package, where `instanceof` fails. */
export function isIdempotencyError(error: unknown): error is IdempotencyError {
  if (!(error instanceof Error)) return false;
  const candidate = error as Partial<IdempotencyError>;
  return (
    CODES.has(candidate.code) &&
    typeof candidate.statusCode === 'number' &&
    typeof candidate.retryable === 'boolean'
  );
}

const LOCK_CODES: ReadonlySet<unknown> = new Set<IdempotencyErrorCode>([
  'LOCK_NOT_ACQUIRED',
  'LEASE_LOST',
  'PERMITS_MISMATCH',
]);

/** True for the errors of `lambda-idempotency/locks`, which is not imported for it: most have no lock in their bundle. */
export function isLockError(error: unknown): error is IdempotencyError {
  return isIdempotencyError(error) && LOCK_CODES.has(error.code);
}

/** Whatever was thrown, as an error that can be told. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The same of a store: one of the user's own may throw anything. */
export function storeErrorOf(thrown: unknown): StoreError {
  return thrown instanceof StoreError
    ? thrown
    : new StoreError('The idempotency store failed.', { cause: thrown });
}
