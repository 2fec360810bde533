/** Errors of locks, in the family of `lib/idempotency/errors.ts`. No message carries the name of a resource. */
import { IdempotencyError } from '../idempotency/errors.ts';
import { outcomeUnknown } from '../idempotency/outcome-unknown.ts';

/** The time to wait was over before there was a place. Nothing was run, and nothing is held. */
export class LockNotAcquiredError extends IdempotencyError {
  declare readonly code: 'LOCK_NOT_ACQUIRED';
  constructor(options: { readonly retryAfterMs: number; readonly cause?: unknown }) {
    super('What this operation needs is in use by others. Try again later.', {
      code: 'LOCK_NOT_ACQUIRED',
      statusCode: 409,
      retryable: true,
      retryAfterMs: options.retryAfterMs,
      cause: options.cause,
    });
  }
}

/**
 * The lease was over, or the place was another one's, before the holder had finished. What it wrote after that is kept from
 * doing harm only by the fencing number, where the resource compares it.
 *
 * What came of the work is unknown: an idempotency key whose handler throws this stays locked until its lease is over, instead
 * of being given back.
 */
export class LeaseLostError extends IdempotencyError {
  declare readonly code: 'LEASE_LOST';
  constructor() {
    super('The lock was lost before its holder had finished, and others may have been at work meanwhile.', {
      code: 'LEASE_LOST',
      statusCode: 409,
      retryable: true,
    });
    outcomeUnknown(this);
  }
}

/** Others hold places of this resource under another number of permits: one of the two is not configured as was meant. */
export class PermitsMismatchError extends IdempotencyError {
  declare readonly code: 'PERMITS_MISMATCH';
  constructor(options: { readonly wanted: number; readonly found: number }) {
    super(
      `This resource is in use with ${options.found} permits, and not with ${options.wanted}. All who use it must name the same number; it can be changed while nobody holds a place.`,
      { code: 'PERMITS_MISMATCH', statusCode: 500, retryable: false },
    );
  }
}
