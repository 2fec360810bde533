/**
 * The protocol: acquire, take over, complete, release. Pure against the store's port; time and randomness are
 * passed in. Which request is which, and what a caller is told, is decided elsewhere (guard.ts).
 *
 * It holds under any interleaving because each step is one atomic conditional write of the store, and because the
 * answer to a refused write is read before anything is concluded from the refusal.
 */
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  RecordedResult,
} from '../stores/idempotency-store.ts';
import { ResultTooLargeError, StoreError } from './errors.ts';
import { epochSeconds, judgeRecord } from './record.ts';

/** What to do with a key whose last attempt ended without telling its outcome. */
export type OnUncertain = 'retry' | 'block';

export interface ProtocolSettings {
  readonly store: IdempotencyStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A fresh unguessable token for each attempt. */
  readonly newOwner: () => string;
  readonly retentionSeconds: number;
  readonly onUncertain: OnUncertain;
  /** Told of records that are read or completed, as they stand in the store: for a cache of those that are final. */
  readonly remember?: ((record: IdempotencyRecord) => void) | undefined;
}

export interface ClaimRequest {
  readonly id: string;
  readonly fingerprint: string;
  /** Epoch milliseconds: the attempt cannot still be running then. */
  readonly leaseEndsAtMs: number;
  /**
   * Token of an earlier claim for the same request, if there was one: a lock of that claim's which reached the store
   * late is then its own. By default a fresh one.
   */
  readonly owner?: string;
}

/** The right to run once, proved by `owner` in the record. */
export interface Attempt {
  readonly id: string;
  readonly owner: string;
  /** 1, or more after takeovers: grows with every attempt that was allowed to run under this record. */
  readonly attempt: number;
  readonly fingerprint: string;
  readonly leaseEndsAtMs: number;
}

export type Claim =
  | { readonly kind: 'acquired'; readonly attempt: Attempt }
  | { readonly kind: 'completed'; readonly result: RecordedResult }
  | { readonly kind: 'in-progress'; readonly retryAfterMs: number }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'uncertain' };

export type Outlook =
  | Exclude<Claim, { kind: 'acquired' }>
  /** A claim could be granted. */
  | { readonly kind: 'free' }
  /** A claim of one's own has been granted, and its reply was lost. */
  | { readonly kind: 'own-lock' };

export type Settlement =
  | { readonly kind: 'settled' }
  /** The lease was lost; nothing was written. `current` is the record that stands in its place, if any. */
  | { readonly kind: 'superseded'; readonly current: IdempotencyRecord | undefined };

/**
 * How often a claim follows a record that changes hands between a refusal and the next write. Each turn means that
 * another attempt won meanwhile, so one or two suffice; the bound keeps a broken store from holding a request.
 */
const CLAIM_TURNS_MAX = 5;

/** Told to a caller when nothing better is known: long enough for a short handler, short enough not to be noticed. */
const RETRY_SOON_MS = 1000;

/**
 * Takes the key, or says why not. Resolves to `acquired` for at most one live lease per id at any time.
 * @throws StoreError when the store fails, or answers so late that the lease is over before the handler could run.
 */
export async function claim(settings: ProtocolSettings, request: ClaimRequest): Promise<Claim> {
  const { store, now } = settings;
  const owner = request.owner ?? settings.newOwner();
  let wanted = newRecord(settings, request, owner);
  let outcome = await store.acquire(wanted, epochSeconds(now()));

  for (let turn = 0; turn < CLAIM_TURNS_MAX; turn++) {
    if (outcome.applied) return await acquired(settings, wanted);
    const current = outcome.current;
    // The reply to our own write was lost and the client library sent it again: the lock that refused us is ours.
    if (current?.owner === owner && current.status === 'INPROGRESS') return await acquired(settings, current);

    const verdict = current === undefined ? 'absent' : judgeRecord(current, request.fingerprint, now());
    if (current === undefined || verdict === 'expired') {
      // Released, or expired, between the refusal and the read.
      wanted = newRecord(settings, request, owner);
      outcome = await store.acquire(wanted, epochSeconds(now()));
    } else if (verdict === 'lapsed') {
      if (settings.onUncertain === 'block') return { kind: 'uncertain' };
      wanted = { ...newRecord(settings, request, owner), attempt: current.attempt + 1 };
      outcome = await store.takeOver(wanted, current);
    } else {
      return refusal(settings, verdict, current);
    }
  }
  return { kind: 'in-progress', retryAfterMs: RETRY_SOON_MS };
}

/**
 * What a claim would come to now, seen without one. Changes nothing.
 * @throws StoreError when the store cannot be read
 */
export async function lookAt(
  settings: ProtocolSettings,
  { id, fingerprint, owner }: ClaimRequest & { readonly owner: string },
): Promise<Outlook> {
  const current = await settings.store.read(id);
  if (current === undefined) return { kind: 'free' };
  const verdict = judgeRecord(current, fingerprint, settings.now());
  if (verdict === 'expired') return { kind: 'free' };
  if (verdict === 'lapsed') return { kind: settings.onUncertain === 'block' ? 'uncertain' : 'free' };
  if (verdict === 'in-progress' && current.owner === owner) return { kind: 'own-lock' };
  return refusal(settings, verdict, current);
}

/**
 * Records the result and consumes the key. A result that does not fit is replaced by what `omit` makes of it: the
 * effect took place, so the key must be consumed whatever its answer looks like.
 * @throws StoreError when it cannot be told whether the completion was written; the lease then runs out by itself.
 */
export async function complete(
  settings: ProtocolSettings,
  attempt: Attempt,
  result: RecordedResult,
  omit: (result: RecordedResult) => RecordedResult = omitEntirely,
): Promise<Settlement> {
  const { store, now, retentionSeconds } = settings;
  const expiresAtSeconds = epochSeconds(now()) + retentionSeconds;
  const fits = result.kind !== 'json' || Buffer.byteLength(result.json) <= store.maxResultBytes;
  const write = (recorded: RecordedResult) =>
    completeOnce(settings, attempt, { result: recorded, expiresAtSeconds });

  if (!fits) return write(omit(result));
  try {
    return await write(result);
  } catch (error) {
    // The store's own accounting of sizes (names, numbers, indexes) may differ from the bound above.
    if (error instanceof ResultTooLargeError && result.kind === 'json') return write(omit(result));
    throw error;
  }
}

/**
 * Gives the key back after a handler that failed, so that a retry may run. Deletes nothing but our own lock.
 * @throws StoreError when it cannot be told whether the lock was deleted; the lease then runs out by itself.
 */
export async function release(settings: ProtocolSettings, attempt: Attempt): Promise<Settlement> {
  const outcome = await settings.store.release(attempt);
  // No record left: a lost reply to our own delete, or the table's TTL. Either way the key is free.
  if (outcome.applied || outcome.current === undefined) return { kind: 'settled' };
  return { kind: 'superseded', current: outcome.current };
}

/**
 * The record of another attempt that stands in the place of this one's, if there is any. Changes nothing.
 * @throws StoreError when the store cannot be read
 */
export async function successorOf(
  settings: ProtocolSettings,
  attempt: Attempt,
): Promise<IdempotencyRecord | undefined> {
  const current = await settings.store.read(attempt.id);
  if (current !== undefined) settings.remember?.(current);
  return current?.owner === attempt.owner ? undefined : current;
}

async function completeOnce(
  { store, remember }: ProtocolSettings,
  attempt: Attempt,
  completion: Completion,
): Promise<Settlement> {
  const outcome = await store.complete(attempt, completion);
  if (outcome.applied) {
    remember?.({ ...attempt, ...completion, status: 'COMPLETED' });
    return { kind: 'settled' };
  }
  const current = outcome.current;
  if (current !== undefined) remember?.(current);
  // A completion whose reply was lost is refused by itself.
  if (current?.owner === attempt.owner && current.status === 'COMPLETED') return { kind: 'settled' };
  return { kind: 'superseded', current };
}

/** The last look before the handler runs: a lock that was granted too late protects nothing any more. */
async function acquired(settings: ProtocolSettings, record: IdempotencyRecord): Promise<Claim> {
  const { id, owner, attempt, fingerprint, leaseEndsAtMs } = record;
  const granted: Attempt = { id, owner, attempt, fingerprint, leaseEndsAtMs };
  if (settings.now() < leaseEndsAtMs) return { kind: 'acquired', attempt: granted };
  await release(settings, granted);
  throw new StoreError('The lock was granted only after its lease had ended; the handler was not run.');
}

function newRecord(settings: ProtocolSettings, request: ClaimRequest, owner: string): InProgressRecord {
  const retainedUntil = epochSeconds(settings.now()) + settings.retentionSeconds;
  return {
    id: request.id,
    status: 'INPROGRESS',
    owner,
    attempt: 1,
    fingerprint: request.fingerprint,
    leaseEndsAtMs: request.leaseEndsAtMs,
    // Never before the end of the lease: an expired record counts as absent, and a live lease must not.
    expiresAtSeconds: Math.max(retainedUntil, epochSeconds(request.leaseEndsAtMs) + 1),
  };
}

function refusal(
  { remember, now }: ProtocolSettings,
  verdict: 'mismatch' | 'completed' | 'in-progress' | 'absent',
  current: IdempotencyRecord,
): Extract<Claim, { kind: 'completed' | 'in-progress' | 'mismatch' }> {
  remember?.(current);
  if (verdict === 'mismatch') return { kind: 'mismatch' };
  if (verdict === 'completed') return { kind: 'completed', result: current.result ?? { kind: 'undefined' } };
  return { kind: 'in-progress', retryAfterMs: Math.max(current.leaseEndsAtMs - now(), 0) };
}

function omitEntirely(): RecordedResult {
  return { kind: 'omitted', reason: 'too-large' };
}
