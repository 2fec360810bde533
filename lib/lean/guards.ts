/** The guards of the main entry, with another store where the options name none, so that nothing here knows the SDK. */
import type { Context } from 'aws-lambda';
import { type GuardedFunction, guardedFunction } from '../idempotency/guarded-function.ts';
import { guardingMiddleware, type IdempotencyMiddleware } from '../idempotency/guarding-middleware.ts';
import type { HttpOptions, KeyedOptions } from '../idempotency/options.ts';
import type { OpenStore } from '../idempotency/resolved-options.ts';
import { LeanDynamoDbStore } from './lean-dynamodb-store.ts';

const openLeanStore: OpenStore = (tableName) => new LeanDynamoDbStore({ tableName });

/**
 * `idempotency` of the main entry, with a {@link LeanDynamoDbStore} on `IDEMPOTENCY_TABLE` where `store` is not given.
 *
 * ```ts
 * export const handler = middy(addToCart).use(idempotency());
 * ```
 *
 * @throws ConfigurationError at once, if the options are wrong or there is no table
 */
export function idempotency<TEvent = unknown>(
  options: HttpOptions<TEvent> = {},
): IdempotencyMiddleware<TEvent> {
  return guardingMiddleware(options, openLeanStore);
}

/**
 * `idempotent` of the main entry, with a {@link LeanDynamoDbStore} on `IDEMPOTENCY_TABLE` where `store` is not given.
 * @throws ConfigurationError at once, if the options are wrong or there is no table
 */
export function idempotent<TEvent, TResult, TContext = Context, TRest extends unknown[] = []>(
  fn: GuardedFunction<TEvent, TContext, TRest, TResult>,
  options: HttpOptions<NoInfer<TEvent>> | KeyedOptions<NoInfer<TEvent>> = {},
): (event: TEvent, context: TContext, ...rest: TRest) => Promise<TResult> {
  return guardedFunction(fn, options, openLeanStore);
}
