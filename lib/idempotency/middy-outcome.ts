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
  | ({ readonly kind: 'answered'; readonly answer: unknown } & Timing)
  /** The handler, a hook in front of it, or the early time-out threw. */
  | ({ readonly kind: 'threw'; readonly error: unknown } & Timing);

export interface Timing {
  /** Whether it may be the early time-out's rather than the handler's. */
  readonly mayBeTimeout: boolean;
  /** What was left of the invocation, in milliseconds. */
  readonly remainingMs: number | undefined;
}

export interface OutcomeObserver {
  /** Of what core tells at this moment. */
  timing(): Timing;
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
  let assignments = 0;
  let outcome: HandlerOutcome = { kind: 'pending' };

  intercept(request, 'response', (value) => {
    // Where a hook ended the chain, core has put `earlyResponse` there first; for the handler it never does.
    if (Object.hasOwn(request, 'earlyResponse')) return observer.chainEnded(value);
    assignments++;
    // The first assignment is core's, of the answer; later ones are other hooks' changes.
    if (outcome.kind === 'pending') {
      outcome = { kind: 'answered', answer: value, ...observer.timing() };
      observer.handlerEnded();
    }
    return value;
  });
  intercept(request, 'error', (value) => {
    // Core resets the response just before it tells the error. If that was the only assignment, there was no answer:
    // the handler threw, or was never reached.
    if (assignments === 1 && outcome.kind === 'answered' && outcome.answer === undefined) {
      outcome = { kind: 'threw', error: value, ...observer.timing() };
    }
    return value;
  });

  return () => outcome;
}

/**
 * Makes `answer` the response from the moment at which core tells `error`. The `onError` hooks of all other
 * middlewares then find it there, wherever they stand: error handlers leave it alone, and CORS adds to it what a
 * browser needs to show it to its page. Where `answer` is `undefined`, the error takes its usual way.
 */
export function answerThrownError(request: MiddyRequest, error: unknown, answer: unknown): void {
  function answerError(value: unknown): void {
    if (value === error) request.response = answer;
  }
  intercept(request, 'error', (value) => value, answerError);
}

/**
 * Hands every assignment of `request[name]` to `take`, which returns what is stored, and then to `taken`. A second guard
 * of the same request lies above the first, which must see what happens, too, and in the order in which it does.
 */
function intercept(
  request: MiddyRequest,
  name: 'response' | 'error',
  take: (value: unknown) => unknown,
  taken?: (value: unknown) => void,
): void {
  let stored = request[name];
  const { get = () => stored, set: tellBelow } = Object.getOwnPropertyDescriptor(request, name) ?? {};
  Object.defineProperty(request, name, {
    enumerable: true,
    configurable: true,
    get,
    set(value: unknown) {
      stored = take(value);
      tellBelow?.(stored);
      taken?.(stored);
    },
  });
}
