/**
 * What Middy's core did with one request, seen where it happens.
 *
 * The `after` and `onError` hooks alone are not enough to know how the handler ended. By the time that ours runs,
 * another middleware may have replaced the error (http-error-handler does), changed the answer, or ended the chain
 * early, so that ours is not called at all. Core tells everything it does by assigning `request.response` and
 * `request.error`; so these two are made accessors, which behave as plain members for everybody else.
 */

/** The part of Middy's request, versions 6 and 7, that matters here. */
export interface MiddyRequest {
  event: unknown;
  context: unknown;
  response: unknown;
  error: unknown;
}

export type HandlerOutcome =
  /** The handler has not ended; it may not even have begun. */
  | { readonly kind: 'pending' }
  /** An answer stands in for the handler's: its own, or the early time-out's. */
  | { readonly kind: 'answered'; readonly answer: unknown; readonly remainingMs: number | undefined }
  /** The handler, a hook in front of it, or the early time-out threw. */
  | { readonly kind: 'threw'; readonly error: unknown; readonly remainingMs: number | undefined };

export interface OutcomeObserver {
  /** Time left of the invocation, in milliseconds. */
  remainingMs(): number | undefined;
  /** There is an outcome now: what the handler does from here on, if it is still running, has no part in it. */
  handlerEnded(): void;
  /**
   * Some hook ended the chain with an answer of its own, which core is about to return. Core is an async function,
   * so a promise that is given back here holds the invocation until it is resolved.
   */
  chainEnded(answer: unknown): unknown;
}

/** Observes `request` from now on; the function that is returned tells how the handler ended, as far as is known. */
export function observeOutcome(request: MiddyRequest, observer: OutcomeObserver): () => HandlerOutcome {
  let response = request.response;
  let error = request.error;
  let assignments = 0;
  let outcome: HandlerOutcome = { kind: 'pending' };

  Object.defineProperty(request, 'response', {
    enumerable: true,
    configurable: true,
    get: () => response,
    set(value: unknown) {
      // Where a hook ended the chain, core has put `earlyResponse` there first; for the handler it never does.
      if (Object.hasOwn(request, 'earlyResponse')) {
        response = observer.chainEnded(value);
        return;
      }
      response = value;
      assignments++;
      // The first assignment is core's, of the answer; later ones are other hooks' changes.
      if (outcome.kind !== 'pending') return;
      outcome = { kind: 'answered', answer: value, remainingMs: observer.remainingMs() };
      observer.handlerEnded();
    },
  });
  Object.defineProperty(request, 'error', {
    enumerable: true,
    configurable: true,
    get: () => error,
    set(value: unknown) {
      const isFirst = error === undefined;
      error = value;
      if (!isFirst) return;
      // Core resets the response just before it tells the error. If that was the only assignment, there was no
      // answer: the handler threw, or was never reached.
      const onlyReset = assignments === 1 && outcome.kind === 'answered' && outcome.answer === undefined;
      if (outcome.kind === 'pending' || onlyReset) {
        outcome = { kind: 'threw', error: value, remainingMs: observer.remainingMs() };
      }
    },
  });

  return () => outcome;
}

/**
 * Makes `answer` the response from the moment at which core tells `error`. The `onError` hooks of all other
 * middlewares then find it there, wherever they stand: error handlers leave it alone, and CORS adds to it what a
 * browser needs to show it to its page. Without an answer, the error takes its usual way.
 */
export function answerThrownError(request: MiddyRequest, error: unknown, answer: unknown): void {
  if (answer === undefined) return;
  let current = request.error;
  Object.defineProperty(request, 'error', {
    enumerable: true,
    configurable: true,
    get: () => current,
    set(value: unknown) {
      current = value;
      if (value === error) request.response = answer;
    },
  });
}
