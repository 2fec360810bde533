import type { RetryReason } from './retry-policy.ts';

/** Told before each pause. It names no key, no URL and no payload. */
export interface RetryEvent {
  /** The operation's name; `undefined` for a plain `fetch`. */
  readonly operation: string | undefined;
  /** `status`: the answer's, see `status`. `network`: no whole answer, see `error`. `timeout`: `tryTimeoutMs` was over. */
  readonly reason: RetryReason;
  /** Tries that have ended so far. */
  readonly tries: number;
  /** Milliseconds until the next one. */
  readonly pauseMs: number;
  readonly status: number | undefined;
  readonly error: unknown;
}

/** A listener of the user's must never decide the fate of a request: what it throws is shown and dropped. */
export function shielded(listener: ((event: RetryEvent) => void) | undefined): (event: RetryEvent) => void {
  return function notify(event) {
    try {
      listener?.(event);
    } catch (error) {
      console.warn('lambda-idempotency: onRetry threw and was ignored:', error);
    }
  };
}
