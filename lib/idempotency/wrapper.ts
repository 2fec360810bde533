import type { Context } from 'aws-lambda';
import { openDynamoDbStore } from './default-store.ts';
import { type GuardedFunction, guardedFunction } from './guarded-function.ts';
import type { HttpOptions, KeyedOptions } from './options.ts';

/**
 * Wraps `fn` so that each operation takes effect once, however often it is sent.
 *
 * With an HTTP event the key comes from the request's header, and refusals are answered as problem documents. With
 * the option `key`, any other event can be guarded (an SQS record, a job); refusals are then thrown as
 * `IdempotencyError`, so that the event source delivers again.
 *
 * As Middy's base handler, `middy(idempotent(fn)).use(...)`, it lets every `after` of the other middlewares run on
 * replays and refusals too, and it tells an early time-out from the handler's own answer without any help.
 *
 * ```ts
 * export const handler = idempotent(chargeOrder, { key: (event: OrderPlaced) => event.detail.orderId });
 * ```
 *
 * @throws ConfigurationError at once, if the options are wrong or there is no table
 */
export function idempotent<TEvent, TResult, TContext = Context, TRest extends unknown[] = []>(
  fn: GuardedFunction<TEvent, TContext, TRest, TResult>,
  options: HttpOptions<NoInfer<TEvent>> | KeyedOptions<NoInfer<TEvent>> = {},
): (event: TEvent, context: TContext, ...rest: TRest) => Promise<TResult> {
  return guardedFunction(fn, options, openDynamoDbStore);
}
