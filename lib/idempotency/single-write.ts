/**
 * The protocol without a lock: the record is put as COMPLETED, together with the writes that it stands for, on condition
 * that there is none. Whoever comes second has its transaction refused, writes included. Pure against the store's port,
 * as protocol.ts is.
 */
import type { Completion, IdempotencyRecord } from '../stores/idempotency-store.ts';
import type { FailedWrite, TransactionalStore } from '../stores/transactional-store.ts';
import {
  type Commit,
  type CommitSettings,
  contentionError,
  storeFailure,
  untilUncontended,
} from './commit.ts';
import type { IdempotencyError } from './errors.ts';
import { completedRecord, type Omission, recordFitting, settledWith } from './protocol.ts';
import { epochSeconds, isExpired, judgeRecord, type Verdict } from './record.ts';

export interface SingleWriteRequest {
  readonly id: string;
  readonly fingerprint: string;
}

/** A record that counts, and what it means for the request. */
export interface Found {
  readonly kind: 'found';
  readonly verdict: Verdict;
  readonly current: IdempotencyRecord;
}

export type SingleWriteSettlement =
  | { readonly kind: 'settled'; readonly omission?: Omission }
  /** Another request was first, or holds a lock; nothing of this one was written. */
  | Found
  | { readonly kind: 'condition-failed'; readonly failed: readonly FailedWrite[] }
  /** Nothing was written, or nobody can tell. If it arrives late, it consumes the key, and a retry replays. */
  | { readonly kind: 'failed'; readonly error: IdempotencyError };

/**
 * How often a record is followed that vanishes between the refusal and the read: it expired, or a lock was given back.
 * Each turn takes another such coincidence.
 */
const TURNS_MAX = 3;

/** Applies the writes and consumes the key, if nobody has before. Never rejects for what the store does. */
export async function writeOnce(
  settings: CommitSettings,
  store: TransactionalStore,
  request: SingleWriteRequest,
  { writes, result, omit, deadlineMs }: Commit,
): Promise<SingleWriteSettlement> {
  const { now } = settings;
  const owner = settings.newOwner();
  const put = async (completion: Completion, whyOmitted?: Error) => {
    const { id, fingerprint } = request;
    const written = completedRecord({ id, owner, attempt: 1, fingerprint, leaseEndsAtMs: now() }, completion);
    const outcome = await untilUncontended(settings, deadlineMs, () =>
      store.putCompleted({ ...written, ...completion }, epochSeconds(now()), writes),
    );
    return { outcome, written, ifApplied: settledWith(completion, whyOmitted) };
  };
  const otherwise = async <T extends SingleWriteSettlement>(settlement: T) =>
    (await settledMeanwhile(settings, request, owner)) ?? settlement;

  for (let turn = 0; turn < TURNS_MAX; turn++) {
    let tried: Awaited<ReturnType<typeof put>>;
    try {
      tried = await recordFitting(settings, result, omit, put);
    } catch (error) {
      return otherwise({ kind: 'failed', error: storeFailure(error) });
    }
    const { outcome, written, ifApplied } = tried;
    switch (outcome.kind) {
      case 'applied':
        settings.remember?.(written);
        return ifApplied;
      case 'condition-failed':
        // What stood in the way may be the first request's own work. That its record refuses us at the same time is
        // what DynamoDB does; a look costs nothing but a read, and only here.
        return otherwise(outcome);
      case 'contended':
        return otherwise({ kind: 'failed', error: contentionError(outcome.cause) });
      case 'record-refused': {
        const settlement = judged(settings, request, owner, outcome.current);
        if (settlement !== undefined) return settlement;
      }
    }
  }
  return otherwise({ kind: 'failed', error: contentionError(undefined) });
}

/** The record that counts for the request, if there is one. @throws StoreError when the store cannot be read */
export async function lookUp(
  settings: CommitSettings,
  request: SingleWriteRequest,
): Promise<Found | undefined> {
  return found(settings, request, await settings.store.read(request.id));
}

/** One look after a failure: whether the record is there after all, by us or by somebody else. */
async function settledMeanwhile(
  settings: CommitSettings,
  request: SingleWriteRequest,
  owner: string,
): Promise<SingleWriteSettlement | undefined> {
  try {
    // Stryker disable BlockStatement: what comes back without the next block is undefined, too
    return judged(settings, request, owner, await settings.store.read(request.id));
  } catch {
    // Stryker restore BlockStatement
    return undefined; // The failure that came first is the one to tell.
  }
}

function judged(
  settings: CommitSettings,
  request: SingleWriteRequest,
  owner: string,
  current: IdempotencyRecord | undefined,
): SingleWriteSettlement | undefined {
  // The reply to our own put was lost and the client library sent it again: the record that refused us is ours.
  if (current?.owner !== owner) return found(settings, request, current);
  settings.remember?.(current);
  return { kind: 'settled' };
}

function found(
  { now, remember }: CommitSettings,
  { fingerprint }: SingleWriteRequest,
  current: IdempotencyRecord | undefined,
): Found | undefined {
  const nowMs = now();
  if (current === undefined || isExpired(current, nowMs)) return undefined;
  remember?.(current);
  return { kind: 'found', verdict: judgeRecord(current, fingerprint, nowMs), current };
}
