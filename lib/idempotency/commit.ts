/**
 * The writes of a handler and the completion of its record, in one transaction. Pure against the store's port, as
 * protocol.ts is.
 *
 * However the transaction ends, the record tells how: it is COMPLETED by its owner if and only if the writes were
 * applied. So what is unknown can be settled by giving the key back. If that succeeds, the writes have not been applied,
 * and no straggler of the transaction ever will be, for the owner that it asks for is gone. (Where the record is kept,
 * its owner stays until the next attempt: a straggler that comes before it consumes the key, and a retry replays.)
 */
import type { Completion, IdempotencyRecord, RecordedResult } from '../stores/idempotency-store.ts';
import type { FailedWrite, TransactionalStore, TransactionOutcome } from '../stores/transactional-store.ts';
import { type IdempotencyError, isIdempotencyError, StoreError, storeErrorOf } from './errors.ts';
import {
  type Attempt,
  completedRecord,
  giveBack,
  type ProtocolSettings,
  recordFitting,
  type Settlement,
  settledWith,
  withoutSteps,
} from './protocol.ts';
import type { Sleep } from './sleep.ts';

export interface CommitSettings extends ProtocolSettings {
  readonly sleep: Sleep;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export interface Commit {
  readonly writes: readonly unknown[];
  readonly result: RecordedResult;
  /** What is recorded in place of a result that does not fit. */
  readonly omit: (result: RecordedResult) => RecordedResult;
  /** Epoch milliseconds at which the invocation ends: nothing is waited for beyond it. */
  readonly deadlineMs: number;
}

export type CommitSettlement =
  | Settlement
  /** A condition of the writes did not hold. Nothing was written; the attempt still holds its key. */
  | { readonly kind: 'condition-failed'; readonly failed: readonly FailedWrite[] }
  /** Not applied, or not known to be: giving the key back tells. */
  | { readonly kind: 'failed'; readonly error: IdempotencyError };

export type FailedCommit =
  | Settlement
  /** Nothing was written, and the key was given back. */
  | { readonly kind: 'not-applied'; readonly error: IdempotencyError }
  /** Nobody can tell. The key stays locked until the lease ends, unless the transaction arrives before. */
  | { readonly kind: 'in-doubt'; readonly error: IdempotencyError };

/** The first try included. Contention between transactions passes within milliseconds, or it is a hot item. */
const TRIES_MAX = 5;
/** Full jitter: anything from nothing to this, twice as much at each try, up to the bound. */
const FIRST_WAIT_MAX_MS = 50;
const WAIT_MAX_MS = 1000;

/** Applies the writes and consumes the key, or does neither. Never rejects for what the store does. */
export async function commit(
  settings: CommitSettings,
  store: TransactionalStore,
  attempt: Attempt,
  { writes, result, omit, deadlineMs }: Commit,
): Promise<CommitSettlement> {
  const transact = async (completion: Completion, whyOmitted?: Error) => ({
    outcome: await untilUncontended(settings, deadlineMs, () =>
      store.completeWith(attempt, withoutSteps(completion, attempt), writes),
    ),
    ifApplied: settledWith(completion, whyOmitted),
    completed: completedRecord(attempt, completion),
  });
  let tried: Awaited<ReturnType<typeof transact>>;
  try {
    tried = await recordFitting(settings, result, omit, transact);
  } catch (error) {
    return { kind: 'failed', error: storeFailure(error) };
  }
  const { outcome, ifApplied, completed } = tried;
  switch (outcome.kind) {
    case 'applied':
      settings.remember?.(completed);
      return ifApplied;
    case 'condition-failed':
      return outcome;
    case 'contended':
      return { kind: 'failed', error: contentionError(outcome.cause) };
    case 'record-refused':
      return settlementBy(attempt, outcome.current);
  }
}

/** Tries again, a few times and not beyond the deadline, what was refused for the sake of others only. */
export async function untilUncontended<T extends TransactionOutcome>(
  { now, sleep, random }: Pick<CommitSettings, 'now' | 'sleep' | 'random'>,
  deadlineMs: number,
  transact: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const outcome = await transact();
    if (outcome.kind !== 'contended' || tries === TRIES_MAX) return outcome;
    const delayMs = random() * Math.min(FIRST_WAIT_MAX_MS * 2 ** (tries - 1), WAIT_MAX_MS);
    if (now() + delayMs >= deadlineMs) return outcome;
    await sleep(delayMs);
  }
}

export function contentionError(cause: unknown): StoreError {
  return new StoreError(
    'The writes were not applied: other transactions were at the same items, or the tables had no capacity left.',
    { cause },
  );
}

/** Settles a commit that has failed with `error`. Never rejects for what the store does. */
export async function giveBackUnlessApplied(
  settings: CommitSettings,
  attempt: Attempt,
  error: IdempotencyError,
): Promise<FailedCommit> {
  try {
    const settlement = await giveBack(settings, attempt);
    if (settlement.kind === 'settled') return { kind: 'not-applied', error };
    return settlementBy(attempt, settlement.current);
  } catch {
    // The first error is the one to tell: the second only says that the doubt could not be removed.
    const retryAfterMs = Math.max(attempt.leaseEndsAtMs - settings.now(), 0);
    const doubt = new StoreError('It cannot be told whether the writes were applied.', {
      cause: error,
      retryAfterMs,
    });
    return { kind: 'in-doubt', error: doubt };
  }
}

/** The record has refused us. If it is completed by ourselves, the reply to our own transaction was lost. */
function settlementBy(attempt: Attempt, current: IdempotencyRecord | undefined): Settlement {
  const isOurs = current?.owner === attempt.owner && current.status === 'COMPLETED';
  return isOurs ? { kind: 'settled', found: current } : { kind: 'superseded', current };
}

/** Errors that say more than that the store failed stay what they are. */
export function storeFailure(error: unknown): IdempotencyError {
  return isIdempotencyError(error) ? error : storeErrorOf(error);
}
