import type { Context } from 'aws-lambda';
import type { IdempotencyContext } from './handler-context.ts';

/** An operation of which an earlier attempt has not told how it ended, as the request that found it sees it. */
export interface DoubtfulOperation<TEvent = unknown> {
  /** Of the request that is here now: a retry of the one whose attempt is in doubt, with the same payload. */
  readonly event: TEvent;
  readonly context: Context | undefined;
  /** The number of the attempt that asks: 2 at least. */
  readonly attempt: number;
  /** The same keys as in the handler, and so in the attempt that is in doubt. */
  readonly deriveKey: IdempotencyContext['deriveKey'];
  /** Names of the steps that are recorded; a run would go on behind them. */
  readonly stepNames: readonly string[];
  /** Epoch milliseconds at which the lease of the attempt in doubt ended, or at which it was found to be blocked. */
  readonly leaseEndedAtMs: number;
  /** Aborted when the lease under which this question is asked is lost. */
  readonly signal: AbortSignal;
}

/** What has become of an operation whose last attempt did not say. */
export type Reconciliation =
  /** It took effect. `answer` is what the handler would have answered; it is recorded, and given as a replay. */
  | { readonly outcome: 'completed'; readonly answer: unknown }
  /** It did not, or it does no harm to run it again. */
  | { readonly outcome: 'run' }
  /** Nobody can say yet. The next retry asks again. */
  | { readonly outcome: 'blocked' };

/** Finds out what became of an operation. Runs under the lock, so it is asked by one request at a time. */
export type Reconcile<TEvent = unknown> = (
  operation: DoubtfulOperation<TEvent>,
) => Promise<Reconciliation> | Reconciliation;
