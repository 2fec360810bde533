import { openDynamoDbStore } from './default-store.ts';
import { guardingMiddleware, type IdempotencyMiddleware } from './guarding-middleware.ts';
import type { HttpOptions } from './options.ts';

/**
 * Middy middleware for HTTP handlers: each idempotency key takes effect once, duplicates get the first result.
 *
 * ```ts
 * export const handler = middy(addToCart).use(idempotency());
 * ```
 *
 * Use it first: hooks run inside out on the way back, so it then records the finished answer, and a replay needs no
 * other middleware. In any other place it is as safe, but what the middlewares before it add to an answer is missing
 * from replays; `middy(idempotent(handler))` is the form without that difference. Refusals are thrown, as Middy's own
 * middlewares do, with the problem document as the answer that goes with them: loggers see the error, CORS the answer.
 *
 * Works with `@middy/core` 6 and 7.
 * @throws ConfigurationError at once, if the options are wrong or there is no table
 */
export function idempotency<TEvent = unknown>(
  options: HttpOptions<TEvent> = {},
): IdempotencyMiddleware<TEvent> {
  return guardingMiddleware(options, openDynamoDbStore);
}
