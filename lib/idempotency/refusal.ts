import type { HttpRequest } from '../http/http-request.ts';
import { problemAnswer } from '../http/problem-answer.ts';
import type { IdempotencyError } from './errors.ts';

/** Why the handler's answer is not given, and what the caller gets instead. */
export interface Refusal {
  readonly error: IdempotencyError;
  /** The problem document for an HTTP caller; `undefined` for other events, whose caller gets the error thrown. */
  readonly answer: unknown;
}

export function refusalOf(
  error: IdempotencyError,
  request: HttpRequest | undefined,
  options: { readonly documentationUrl: string },
): Refusal {
  return { error, answer: request === undefined ? undefined : problemAnswer(error, request, options) };
}

/** The problem document, or the error itself where there is no HTTP caller to read one. */
export function answerOrThrow({
  error,
  answer,
}: {
  readonly error: unknown;
  readonly answer: unknown;
}): unknown {
  if (answer === undefined) throw error;
  return answer;
}
