import type { IdempotencyErrorCode } from '../idempotency/errors.ts';

/**
 * The problem types (RFC 9457 section 3.1.1) of this library: one for each error code. The URIs are names, not
 * addresses; where to read about them says the `Link` header. They are part of the interface and do not change.
 */
export interface ProblemType {
  /** `urn:lambda-idempotency:problem:` and the error code in lower case with hyphens. */
  readonly type: string;
  /** The same for every occurrence (RFC 9457 section 3.1.3). */
  readonly title: string;
}

const TITLES: Readonly<Record<IdempotencyErrorCode, string>> = {
  KEY_MISSING: 'Idempotency key missing',
  KEY_INVALID: 'Idempotency key invalid',
  IN_PROGRESS: 'Request in progress',
  PAYLOAD_MISMATCH: 'Idempotency key used with a different request',
  OUTCOME_UNKNOWN: 'Outcome of an earlier request unknown',
  SUPERSEDED: 'Request superseded by another attempt',
  STORE_UNAVAILABLE: 'Idempotency store unavailable',
  RESULT_TOO_LARGE: 'Result too large to be recorded',
  RESULT_NOT_RECORDED: 'Result not recorded',
  STEP_NOT_RECORDED: 'Step not recorded',
  COMMIT_CONDITION_FAILED: 'Condition of the operation not met',
  COMMIT_INVALID: 'Writes of the operation invalid',
  LOCK_NOT_ACQUIRED: 'Resource in use',
  LEASE_LOST: 'Lock on a resource lost',
  PERMITS_MISMATCH: 'Lock not configured',
  CONFIGURATION: 'Idempotency not configured',
};

/** Every problem type, by the code of the error that it stands for. */
export const PROBLEM_TYPES: Readonly<Record<IdempotencyErrorCode, ProblemType>> = Object.freeze(
  // The entries are made from the keys of TITLES, which are exactly the error codes.
  Object.fromEntries(
    Object.entries(TITLES).map(([code, title]) => [
      code,
      Object.freeze({ type: problemTypeUri(code), title }),
    ]),
  ) as Record<IdempotencyErrorCode, ProblemType>,
);

function problemTypeUri(code: string): string {
  return `urn:lambda-idempotency:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}
