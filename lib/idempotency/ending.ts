import type { HttpRequest } from '../http/http-request.ts';
import { isIdempotencyError } from './errors.ts';
import { type Refusal, refusalOf } from './refusal.ts';

/** What the caller gets in the end. */
export type Ending =
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** To be thrown, with `answer` as the answer that goes with it; `undefined` where no HTTP caller would read one. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly answer: unknown };

/** An error of this library comes with its problem document; one of the handler's own takes its usual way. */
export function failedWith(
  error: unknown,
  request: HttpRequest | undefined,
  options: { readonly documentationUrl: string },
): Ending {
  const answer = isIdempotencyError(error) ? refusalOf(error, request, options).answer : undefined;
  return { kind: 'failed', error, answer };
}
