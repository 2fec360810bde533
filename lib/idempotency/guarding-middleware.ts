import type { Context } from 'aws-lambda';
import { watchEarlyTimeout } from './early-timeout.ts';
import type { Ending } from './ending.ts';
import { admit } from './guard.ts';
import { type IdempotentContext, withIdempotency } from './handler-context.ts';
import {
  answerThrownError,
  type HandlerOutcome,
  type MiddyRequest,
  observeOutcome,
  type Timing,
} from './middy-outcome.ts';
import type { HttpOptions } from './options.ts';
import { cleanUpPowertools } from './powertools-cleanup.ts';
import { answerOrThrow } from './refusal.ts';
import { type OpenStore, resolveOptions } from './resolved-options.ts';
import type { Run } from './run.ts';

/** Middy's request as the hooks below declare it: enough for `.use()` to infer event and context from. */
export interface IdempotencyRequest<TEvent> {
  event: TEvent;
  context: IdempotentContext;
  // Middy's own type says `any`: the result belongs to the handler, and a middleware cannot narrow it.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  response: any;
  error: Error | null | undefined;
  internal: Record<string, unknown>;
}

/** For `middy(handler).use(...)`, of Middy 6 and 7. */
export interface IdempotencyMiddleware<TEvent> {
  /** Takes the key, or gives the request an early response: the replay or the refusal. */
  before(request: IdempotencyRequest<TEvent>): Promise<void>;
  /** Records the answer and consumes the key. */
  after(request: IdempotencyRequest<TEvent>): Promise<void>;
  /** Gives the key back, if this request holds it and the handler itself has failed. */
  onError(request: IdempotencyRequest<TEvent>): Promise<void>;
}

/**
 * What one request carries from hook to hook. Kept with the request, never in the middleware: invocations may overlap. Not in
 * a `WeakMap`, through which V8's young generation keeps everything alive that a value leads to (docs/performance.md).
 */
interface Progress {
  readonly run: Run;
  readonly outcome: () => HandlerOutcome;
  readonly stopWatching: () => void;
  settled: boolean;
}

/** What `idempotency()` returns, with the entry's own store where `options` have none. */
export function guardingMiddleware<TEvent>(
  options: HttpOptions<TEvent>,
  openStore: OpenStore,
): IdempotencyMiddleware<TEvent> {
  const resolved = resolveOptions(options, openStore);
  // A request may have several guards, each with a progress of its own.
  const progressKey = Symbol('lambda-idempotency progress');

  async function idempotencyBefore(request: IdempotencyRequest<TEvent>): Promise<void> {
    const admission = await admit(request.event, request.context, resolved);
    switch (admission.kind) {
      case 'replay':
        // Assigned, not returned: core takes a returned `undefined` for "go on".
        Object.assign(request, { earlyResponse: admission.answer });
        await cleanUpPowertools(request);
        return;
      case 'refused':
        answerThrownError(request, admission.refusal.error, admission.refusal.answer);
        throw admission.refusal.error;
      case 'run': {
        const { run } = admission;
        request.context = withIdempotency<Context>(request.context, run.idempotency);
        const remainingMs = () => request.context.getRemainingTimeInMillis?.();
        const timeout = watchEarlyTimeout(remainingMs(), resolved.timeoutEarlyInMillis);
        const outcome = observeOutcome(request, {
          timing: () => ({ mayBeTimeout: timeout.mayHaveFired(), remainingMs: remainingMs() }),
          handlerEnded: run.handlerEnded,
          chainEnded: (answer) => endChain(request, answer),
        });
        const progress: Progress = { run, outcome, stopWatching: timeout.end, settled: false };
        Object.defineProperty(request, progressKey, { value: progress });
      }
    }
  }

  async function idempotencyAfter(request: IdempotencyRequest<TEvent>): Promise<void> {
    const failed = await settleResponse(request, request.response);
    if (failed === undefined) return;
    answerThrownError(request, failed.error, failed.answer);
    throw failed.error;
  }

  async function idempotencyOnError(request: IdempotencyRequest<TEvent>): Promise<void> {
    const failed = await settleResponse(request, undefined);
    // Core is telling an error already; this one is shown to its caller, and to the error handlers that follow.
    if (failed !== undefined) request.response = failed.answer;
  }

  /** What the run says goes before the response. Resolves to a failure, which each hook tells in its own way. */
  async function settleResponse(
    request: IdempotencyRequest<TEvent>,
    finishedAnswer: unknown,
  ): Promise<Extract<Ending, { kind: 'failed' }> | undefined> {
    const ending = await settle(request, finishedAnswer);
    if (ending?.kind === 'failed') return ending;
    if (ending !== undefined) {
      request.response = ending.kind === 'refused' ? ending.refusal.answer : ending.answer;
    }
    return undefined;
  }

  /** A hook of another middleware answered: this is the last chance to settle, for no hook of ours is called. */
  async function endChain(request: MiddyRequest, answered: unknown): Promise<unknown> {
    // A second guard behind this one gives a promise: it has its own key to settle first.
    const answer = await answered;
    const ending = await settle(request, answer);
    switch (ending?.kind) {
      case undefined:
        return answer;
      case 'answer':
        return ending.answer;
      case 'refused':
        return ending.refusal.answer;
      case 'failed':
        return answerOrThrow(ending);
    }
  }

  /** Tells the run how the handler ended, once. Resolves to the caller's answer if the run had a say in it. */
  async function settle(request: MiddyRequest, finishedAnswer: unknown): Promise<Ending | undefined> {
    const progress = (request as MiddyRequest & { readonly [progressKey]?: Progress })[progressKey];
    if (progress === undefined || progress.settled) return undefined;
    progress.settled = true;
    progress.stopWatching();
    const { run } = progress;
    const outcome = progress.outcome();
    const failedLater = request.error !== undefined && request.error !== null;

    if (outcome.kind === 'pending') {
      // A hook in front of the handler answered in its place: nothing has run.
      await run.abandon();
    } else if (outcome.mayBeTimeout && cameAfterDeadline(outcome) && !failedLater) {
      return await run.yieldToSuccessor(finishedAnswer);
    } else if (outcome.mayBeTimeout) {
      return run.leaveInDoubt(failedLater ? undefined : finishedAnswer);
    } else if (outcome.kind === 'threw') {
      return await run.fail(outcome.error);
    } else if (failedLater) {
      // The handler took effect and a hook behind it threw. Its own answer is recorded, so that no retry runs it
      // again; this caller gets what the error handlers make of the error.
      await run.finish(outcome.answer);
    } else {
      return await run.finish(finishedAnswer, outcome.answer);
    }
    return undefined;
  }

  return { before: idempotencyBefore, after: idempotencyAfter, onError: idempotencyOnError };
}

/**
 * On Lambda nothing comes after the deadline. In a container, a process that was frozen goes on where it stood, and by
 * then another attempt may have taken over; there is all the time in the world to look.
 */
function cameAfterDeadline({ remainingMs = 0 }: Timing): boolean {
  return remainingMs < 0;
}
