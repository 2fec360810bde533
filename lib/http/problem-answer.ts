import type { IdempotencyError, IdempotencyErrorCode } from '../idempotency/errors.ts';
import { type HttpAnswer, httpAnswer } from './http-answer.ts';
import type { HttpRequest } from './http-request.ts';
import { PROBLEM_TYPES } from './problem-type.ts';

/**
 * What callers are told instead of the message of an error that is the service's own fault: the message is for
 * its operators, and may name tables and causes.
 */
const INTERNAL_DETAILS: Readonly<Partial<Record<IdempotencyErrorCode, string>>> = {
  STORE_UNAVAILABLE:
    'The service cannot tell at the moment whether this request has taken effect. Send it again later, with the same key.',
  RESULT_TOO_LARGE:
    'The operation took effect, but its result is too large to be given again. It is not run again.',
  RESULT_NOT_RECORDED:
    'The operation took effect when it was first requested, but its result could not be kept. It is not run again.',
  STEP_NOT_RECORDED: 'The service has carried out a part of this request, and cannot go on with it.',
  COMMIT_INVALID: 'The service could not carry out this request, and nothing was changed.',
  CONFIGURATION: 'The service is not set up to make this request safe to retry, so it was not run.',
};

const ANY_INTERNAL_DETAIL = 'The service could not process this request.';

/**
 * The answer to a request that this library turned down: `application/problem+json` (RFC 9457) with a stable
 * `type`, and the error code as an extension member.
 *
 * `Retry-After` (RFC 9110 section 10.2.3) is in whole seconds, rounded up, so that a client never comes back
 * before the lease is over; it is there only if the error knows when a retry makes sense.
 */
export function problemAnswer(
  error: IdempotencyError,
  request: HttpRequest,
  options: { readonly documentationUrl: string },
): HttpAnswer {
  const retryAfterSeconds = wholeSeconds(error.retryAfterMs);
  return httpAnswer(request.frontDoor, {
    status: error.statusCode,
    headers: {
      ...problemHeaders(options.documentationUrl),
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
    },
    body: problemBody({ code: error.code, status: error.statusCode, detail: detailOf(error) }),
  });
}

/** Headers that every problem of ours carries. No cache may keep it: the next try may have another answer. */
export function problemHeaders(documentationUrl: string): Record<string, string> {
  return {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    Link: `<${documentationUrl}>; rel="help"`,
  };
}

/** The problem document as JSON. */
export function problemBody(problem: {
  readonly code: IdempotencyErrorCode;
  readonly status: number;
  readonly detail: string;
}): string {
  const { type, title } = PROBLEM_TYPES[problem.code];
  return JSON.stringify({ type, title, status: problem.status, detail: problem.detail, code: problem.code });
}

function detailOf(error: IdempotencyError): string {
  return error.statusCode < 500 ? error.message : (INTERNAL_DETAILS[error.code] ?? ANY_INTERNAL_DETAIL);
}

function wholeSeconds(milliseconds: number | undefined): number | undefined {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return undefined;
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
