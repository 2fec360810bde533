import type { Context } from 'aws-lambda';
import type { Ending } from './ending.ts';
import { admit } from './guard.ts';
import { type IdempotencyContext, withIdempotency } from './handler-context.ts';
import type { HttpOptions, KeyedOptions } from './options.ts';
import { answerOrThrow } from './refusal.ts';
import { type OpenStore, resolveOptions } from './resolved-options.ts';

/** A function that can be guarded: a Lambda handler, Middy's base handler, or the body of a job. */
export type GuardedFunction<TEvent, TContext, TRest extends unknown[], TResult> = (
  event: TEvent,
  context: TContext & { readonly idempotency: IdempotencyContext },
  ...rest: TRest
) => Promise<TResult> | TResult;

/** What `idempotent()` returns, with the entry's own store where `options` have none. */
export function guardedFunction<TEvent, TResult, TContext, TRest extends unknown[]>(
  fn: GuardedFunction<TEvent, TContext, TRest, TResult>,
  options: HttpOptions<NoInfer<TEvent>> | KeyedOptions<NoInfer<TEvent>>,
  openStore: OpenStore,
): (event: TEvent, context: TContext, ...rest: TRest) => Promise<TResult> {
  if (typeof fn !== 'function') {
    throw new TypeError('idempotent(fn, options) takes the function to guard as its first argument.');
  }
  const resolved = resolveOptions(options, openStore);

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
      const ending = await run.fail(error);
      if (ending !== undefined) return answerOf(ending) as TResult;
      throw error;
    }
    const ending = await run.finish(result);
    return answerOf(ending) as TResult;
  };
}

function answerOf(ending: Ending): unknown {
  switch (ending.kind) {
    case 'answer':
      return ending.answer;
    case 'refused':
      return answerOrThrow(ending.refusal);
    case 'failed':
      return answerOrThrow(ending);
  }
}
