/**
 * Which ends of a try are worth another one, and when. Pure: no clock, no timer, no randomness of its own, so that the
 * tests and the simulation of `bench/retry-storms` ask the very code that runs.
 */
import { isRetryableProblem, type ServerProblemCode } from './problem.ts';
import { retryAfterMs } from './retry-after.ts';

/** How one try ended. */
export type TryOutcome =
  | {
      readonly kind: 'answer';
      readonly response: Response;
      readonly problemCode: ServerProblemCode | undefined;
    }
  /** No whole answer: the connection failed, also in the middle of an answer, or the try's time was over. */
  | { readonly kind: 'failed'; readonly reason: 'network' | 'timeout'; readonly error: unknown };

/** Why a request is sent again: no connection, no answer in time, or an answer of the moment. */
export type RetryReason = 'network' | 'timeout' | 'status';

/** Statuses that speak of the moment and not of the request. 409 is looked at more closely. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504];
/** What stands before the guard refuses with these: they say nothing of what an earlier try has done. */
const REFUSED_AT_THE_DOOR: readonly number[] = [401, 403, 407];

/** Why this outcome is worth another try; `undefined` where it is final. */
export function reasonToRetry(outcome: TryOutcome): RetryReason | undefined {
  if (outcome.kind === 'failed') return outcome.reason;
  const { response, problemCode } = outcome;
  // A recorded answer stays what it is, even where a server records its errors (Stripe does).
  if (isReplayed(response)) return undefined;
  if (problemCode !== undefined) return isRetryableProblem(problemCode) ? 'status' : undefined;
  if (PASSING_STATUSES.includes(response.status)) return 'status';
  // The draft answers 409 to a key in use, and so do many APIs to any conflict. The first says when to come back.
  if (response.status === 409 && response.headers.has('retry-after')) return 'status';
  return undefined;
}

/**
 * Whether the operation's story is over, so that its key may be forgotten. It is not where only trying has ended; nor
 * where the server holds the outcome back as unknown: a new key then would be a second operation. Nor where a later try was
 * turned away at the door (its token had run out, say), for an earlier one may have taken effect.
 */
export function isSettled(outcome: TryOutcome, afterEarlierTries: boolean): boolean {
  if (outcome.kind === 'failed' || reasonToRetry(outcome) !== undefined) return false;
  if (outcome.problemCode === 'OUTCOME_UNKNOWN') return false;
  return !(afterEarlierTries && REFUSED_AT_THE_DOOR.includes(outcome.response.status));
}

export function isReplayed(response: Response): boolean {
  return response.headers.get('idempotent-replayed')?.trim().toLowerCase() === 'true';
}

export interface PausePolicy {
  readonly pauseBaseMs: number;
  readonly pauseMaxMs: number;
  readonly retryAfterMaxMs: number;
}

/**
 * Milliseconds to wait before the next try: full jitter, `random(0, min(pauseMaxMs, pauseBaseMs * 2^turn))` ("Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015), on top of what `Retry-After` asks for. On top, because all who were told
 * the same moment would otherwise return in it together.
 * @param turn - tries that have ended, less one
 * @param random - 0 to below 1, as of `Math.random`
 */
export function pauseBeforeNextTry(
  outcome: TryOutcome,
  turn: number,
  policy: PausePolicy,
  { random, nowMs }: { readonly random: () => number; readonly nowMs: number },
): number {
  const asked = outcome.kind === 'answer' ? (retryAfterMs(outcome.response.headers, nowMs) ?? 0) : 0;
  const jitter = random() * Math.min(policy.pauseMaxMs, policy.pauseBaseMs * 2 ** turn);
  return Math.ceil(Math.min(asked, policy.retryAfterMaxMs) + jitter);
}
