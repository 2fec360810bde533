import type { Context } from 'aws-lambda';
import { admit } from './guard.ts';
import { type IdempotencyContext, withIdempotency } from './handler-context.ts';
import type { HttpOptions, KeyedOptions } from './options.ts';
import { answerOrThrow } from './refusal.ts';
import { resolveOptions } from './resolved-options.ts';

/** A function that can be guarded: a Lambda handler, Middy's base handler, or the body of a job. */
export type GuardedFunction<TEvent, TContext, TRest extends unknown[], TResult> = (
  event: TEvent,
  context: TContext & { readonly idempotency: IdempotencyContext },
  ...rest: TRest
) => Promise<TResult> | TResult;

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
  if (typeof fn !== 'function') {
    throw new TypeError('idempotent(fn, options) takes the function to guard as its first argument.');
  }
  const resolved = resolveOptions(options);

  return async function idempotentHandler(event, context, ...rest) {
    // Outside Lambda the context may be anything or missing; the guard asks it for nothing but its remaining time.
    const admission = await admit(event, context as Context | undefined, resolved);
    // A replayed or refused answer has the caller's form of a result, which the type system cannot see.
    if (admission.kind === 'replay') return admission.answer as TResult;
    if (admission.kind === 'refused') return answerOrThrow(admission.refusal) as TResult;

    const { run } = admission;
    let result: TResult;
    try {
      result = await fn(event, withIdempotency(context, run.idempotency), ...rest);
    } catch (error) {
      await run.fail(error);
      throw error;
    }
    const ending = await run.finish(result);
    return (ending.kind === 'refused' ? answerOrThrow(ending.refusal) : ending.answer) as TResult;
  };
}
