import type { StoreOperation } from '../stores/intercepted-store.ts';
import type { Omission } from './protocol.ts';

/**
 * What the protocol did, told as it happens, for logs, metrics and demonstrations. Every event names the record by
 * its hashed id; none carries a key, a payload or a result.
 */
export type IdempotencyEvent =
  /**
   * The handler is about to run. `attempt` above 1 means that there were others before it; `leaseEndedAtMs` is there where
   * nobody knows how the last one ended, and its lease, which ended then, was taken over.
   */
  | {
      readonly type: 'acquired';
      readonly id: string;
      readonly attempt: number;
      readonly leaseEndsAtMs: number;
      readonly leaseEndedAtMs?: number;
    }
  /** A duplicate got the result; from the cache, where nothing was asked of the store. */
  | { readonly type: 'replayed'; readonly id: string; readonly from: 'store' | 'cache' }
  | { readonly type: 'in-progress'; readonly id: string; readonly retryAfterMs: number }
  /** A duplicate has waited for the first attempt's result; what it came to is the next event. */
  | {
      readonly type: 'waited';
      readonly id: string;
      readonly waitedMs: number;
      /** Requests that the store was sent for it, those included that failed. */
      readonly reads: number;
      readonly failedReads: number;
    }
  | { readonly type: 'mismatch'; readonly id: string; readonly from: 'store' | 'cache' }
  /** An earlier outcome is unknown, and `onUncertain: 'block'` kept the handler from running. */
  | { readonly type: 'uncertain'; readonly id: string }
  /**
   * The function of `onUncertain` has been asked what became of an earlier attempt. `error` is what it threw, or what was
   * wrong with its word; the operation is blocked then.
   */
  | {
      readonly type: 'reconciled';
      readonly id: string;
      readonly attempt: number;
      readonly outcome: 'completed' | 'run' | 'blocked';
      readonly error?: Error;
    }
  /** `omission`: the key is consumed, but not with its result; replays will say so. */
  | {
      readonly type: 'completed';
      readonly id: string;
      readonly attempt: number;
      readonly omission?: Omission;
    }
  | { readonly type: 'released'; readonly id: string; readonly attempt: number }
  /** The handler failed after a recorded step or a takeover: the key was given back, the record kept for the next attempt. */
  | { readonly type: 'suspended'; readonly id: string; readonly attempt: number }
  /** A step was run and its result recorded. Its name is the handler's own choice: make it a constant. */
  | { readonly type: 'step-recorded'; readonly id: string; readonly attempt: number; readonly step: string }
  /** A step was not run, because an earlier attempt has recorded its result. */
  | { readonly type: 'step-skipped'; readonly id: string; readonly attempt: number; readonly step: string }
  | {
      readonly type: 'renewed';
      readonly id: string;
      readonly attempt: number;
      readonly leaseEndsAtMs: number;
    }
  /** The lease was taken over, or could not be renewed in time, while the handler was running. */
  | { readonly type: 'lease-lost'; readonly id: string; readonly attempt: number }
  /** The attempt ended without a known outcome; the key stays locked until its lease ends. */
  | { readonly type: 'in-doubt'; readonly id: string; readonly attempt: number }
  /** The attempt outlived its lease and another one took over; its own result was not recorded. */
  | { readonly type: 'superseded'; readonly id: string; readonly attempt: number }
  /** A condition of the handler's own writes did not hold, so that none of them was applied. `writes`: their places. */
  | {
      readonly type: 'condition-failed';
      readonly id: string;
      readonly attempt: number;
      readonly writes: readonly number[];
    }
  | {
      readonly type: 'store-failed';
      readonly id: string;
      readonly during: 'claim' | 'renew' | 'step' | 'block' | 'complete' | 'commit' | 'release' | 'read';
      readonly error: Error;
    }
  /** The handler runs without a lock, for the reason given. */
  | { readonly type: 'unguarded'; readonly reason: UnguardedReason }
  /**
   * One call to the store, with all tries that its client made of it; only where the option `storeTimings` asks for it.
   * `failed`: it threw. A write that was refused has not failed.
   */
  | {
      readonly type: 'store-call';
      readonly operation: StoreOperation;
      readonly durationMs: number;
      readonly failed: boolean;
    };

/** Why a handler runs without a record: its method is not guarded, the request has no key and needs none, or the store is away. */
export type UnguardedReason = 'method' | 'no-key' | 'store-unavailable';

/** Called in the middle of the work, so let it be short; nobody waits for a promise of its. What it throws is a line on standard error. */
export type IdempotencyEventListener = (event: IdempotencyEvent) => void;

export function acquiredEvent(
  {
    id,
    attempt,
    leaseEndsAtMs,
  }: { readonly id: string; readonly attempt: number; readonly leaseEndsAtMs: number },
  leaseEndedAtMs: number | undefined,
): IdempotencyEvent {
  const takenOver = leaseEndedAtMs === undefined ? {} : { leaseEndedAtMs };
  return { type: 'acquired', id, attempt, leaseEndsAtMs, ...takenOver };
}

export function completedEvent(
  named: { readonly id: string; readonly attempt: number },
  omission: Omission | undefined,
): IdempotencyEvent {
  return { type: 'completed', ...named, ...(omission === undefined ? {} : { omission }) };
}

/**
 * The listener that is used when none is given: silent while the protocol does its work, and one line on standard
 * error where a person should look, because the caller was answered and nobody else would tell.
 */
export function warnOfTrouble(event: IdempotencyEvent): void {
  if (event.type === 'store-failed') {
    // Stryker disable ConditionalExpression: no event of another type has an outcome; the compiler asks for the type
    console.warn(
      `lambda-idempotency: the store failed during ${event.during} of ${event.id}: ${event.error.message}`,
    );
  } else if (event.type === 'reconciled' && event.outcome === 'blocked') {
    // Stryker restore ConditionalExpression
    // Not its message: what the user's function throws may say anything.
    const reason = event.error === undefined ? 'the function of onUncertain said so' : event.error.name;
    console.warn(
      `lambda-idempotency: what became of ${event.id} before attempt ${event.attempt} is still unknown (${reason}); its key stays blocked until a retry finds out.`,
    );
  } else if (event.type === 'lease-lost') {
    console.warn(
      `lambda-idempotency: attempt ${event.attempt} of ${event.id} has lost its lease while its handler is running.`,
    );
  } else if (event.type === 'superseded') {
    // Stryker disable ConditionalExpression: no event of another type has an omission; the compiler asks for the type
    console.warn(
      `lambda-idempotency: attempt ${event.attempt} of ${event.id} outlived its lease; another attempt has taken over and this result was not recorded.`,
    );
  } else if (event.type === 'completed' && event.omission !== undefined) {
    // Stryker restore ConditionalExpression
    const { reason, error } = event.omission;
    const cause = error?.cause instanceof Error ? `: ${error.cause.message}` : '.';
    console.warn(
      `lambda-idempotency: attempt ${event.attempt} of ${event.id} consumed its key without its result (${reason})${cause}`,
    );
  }
}

/** A listener of the user's must never decide the fate of a request: what it throws is shown and dropped. */
export function shielded<TEvent extends { readonly type: string }>(
  listener: (event: TEvent) => void,
): (event: TEvent) => void {
  return function notify(event) {
    try {
      listener(event);
    } catch (error) {
      console.warn(`lambda-idempotency: onEvent threw on "${event.type}" and was ignored:`, error);
    }
  };
}
