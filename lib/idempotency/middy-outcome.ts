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

type Member = 'response' | 'error';

interface Interception {
  /** Returns what is stored in the place of `value`. */
  readonly take: (value: unknown) => unknown;
  /** Told of what is stored. */
  readonly taken: ((value: unknown) => void) | undefined;
  stored: unknown;
  /** What was there before: a value, or the accessor of another guard, or of somebody else. */
  readonly below: PropertyDescriptor | undefined;
}

type Accessor = PropertyDescriptor & { readonly set: (value: unknown) => void };

const INTERCEPTIONS = Symbol('lambda-idempotency interceptions');

type InterceptedRequest = MiddyRequest & { [INTERCEPTIONS]?: { [name in Member]?: Interception } };

/**
 * The same two functions for every request. V8 gives an object with accessors of its own a hidden class of its own, which
 * outlives it by several collections: that was half of the CPU time of a first run (docs/performance.md).
 */
const ACCESSORS = { response: sharedAccessor('response'), error: sharedAccessor('error') } as const;

/**
 * Hands every assignment of `request[name]` to `take`, which returns what is stored, and then to `taken`. A second one of
 * the same request has an accessor of its own, above the first, which must see what happens, too, and in its order.
 */
function intercept(
  request: InterceptedRequest,
  name: Member,
  take: Interception['take'],
  taken?: Interception['taken'],
): void {
  const interceptions = interceptionsOf(request);
  const below = Object.getOwnPropertyDescriptor(request, name);
  const interception = { take, taken, stored: request[name], below };
  // Stryker disable next-line ConditionalExpression,EqualityOperator: an accessor of its own does the same, at a price
  if (interceptions[name] === undefined) {
    interceptions[name] = interception;
    Object.defineProperty(request, name, ACCESSORS[name]);
  } else {
    Object.defineProperty(
      request,
      name,
      accessorOf(() => interception),
    );
  }
}

function interceptionsOf(request: InterceptedRequest): { [name in Member]?: Interception } {
  const known = request[INTERCEPTIONS];
  if (known !== undefined) return known;
  const interceptions = {};
  Object.defineProperty(request, INTERCEPTIONS, { value: interceptions });
  return interceptions;
}

function sharedAccessor(name: Member): Accessor {
  return accessorOf((request) => request[INTERCEPTIONS]?.[name] as Interception);
}

function accessorOf(interceptionOf: (request: InterceptedRequest) => Interception): Accessor {
  return {
    enumerable: true,
    configurable: true,
    get(this: InterceptedRequest) {
      const { below, stored } = interceptionOf(this);
      return below?.get === undefined ? stored : (Reflect.apply(below.get, this, []) as unknown);
    },
    set(this: InterceptedRequest, value: unknown) {
      const interception = interceptionOf(this);
      const { take, taken, below } = interception;
      interception.stored = take(value);
      if (below?.set !== undefined) Reflect.apply(below.set, this, [interception.stored]);
      taken?.(interception.stored);
    },
  };
}
