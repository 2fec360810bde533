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
  OmissionReason,
  RecordedResult,
} from '../stores/idempotency-store.ts';
import { ResultTooLargeError, StoreError } from './errors.ts';
import { epochSeconds, isExpired, judgeRecord, type Verdict } from './record.ts';

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
  /** Largest result that is recorded, in UTF-8 bytes of its JSON. @defaultValue what the store can keep */
  readonly resultMaxBytes?: number;
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
  /** `omission`: a completion without its result. */
  | { readonly kind: 'settled'; readonly omission?: Omission }
  /** The lease was lost; nothing was written. `current` is the record that stands in its place, if any. */
  | { readonly kind: 'superseded'; readonly current: IdempotencyRecord | undefined };

/** Why a completed key has no result, and what the store said to it where it was asked. */
export interface Omission {
  readonly reason: OmissionReason;
  readonly error?: Error;
}

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

    if (current === undefined || isExpired(current, now())) {
      // Released, or expired, between the refusal and the read.
      wanted = newRecord(settings, request, owner);
      outcome = await store.acquire(wanted, epochSeconds(now()));
      continue;
    }
    const verdict = judgeRecord(current, request.fingerprint, now());
    if (verdict !== 'lapsed') return refusal(verdict, current, now());
    if (settings.onUncertain === 'block') return { kind: 'uncertain' };
    // Not for a lease that is over: whoever is in doubt may yet complete, and would be stopped for nothing.
    if (now() >= request.leaseEndsAtMs) throw grantedTooLate();
    wanted = { ...newRecord(settings, request, owner), attempt: current.attempt + 1 };
    outcome = await store.takeOver(wanted, current);
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
  const nowMs = settings.now();
  if (current === undefined || isExpired(current, nowMs)) return { kind: 'free' };
  const verdict = judgeRecord(current, fingerprint, nowMs);
  if (verdict === 'lapsed') return { kind: settings.onUncertain === 'block' ? 'uncertain' : 'free' };
  if (verdict === 'in-progress' && current.owner === owner) return { kind: 'own-lock' };
  return refusal(verdict, current, nowMs);
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
  return recordFitting(settings, result, omit, (completion, whyOmitted) =>
    completeOnce(settings.store, attempt, completion, whyOmitted),
  );
}

/**
 * Hands `write` the completion with the result, or with what `omit` makes of it where the result does not fit;
 * `whyOmitted` is then what the store said to it, where it was asked.
 */
export async function recordFitting<T>(
  settings: ProtocolSettings,
  result: RecordedResult,
  omit: (result: RecordedResult) => RecordedResult,
  write: (completion: Completion, whyOmitted?: Error) => Promise<T>,
): Promise<T> {
  const { store, now, retentionSeconds, resultMaxBytes = store.maxResultBytes } = settings;
  const expiresAtSeconds = epochSeconds(now()) + retentionSeconds;
  const remainderJson = () => remainderOf(omit(result));
  const completionWith = (recorded: RecordedResult): Completion => ({
    result: recorded,
    expiresAtSeconds,
    remainderJson,
  });
  const maxBytes = Math.min(resultMaxBytes, store.maxResultBytes);
  const fits = result.kind !== 'json' || Buffer.byteLength(result.json) <= maxBytes;

  if (!fits) return write(completionWith(omit(result)));
  try {
    return await write(completionWith(result));
  } catch (error) {
    // The store keeps its own accounts: of sizes (names, numbers, indexes), and of what it can write at a time.
    if (error instanceof ResultTooLargeError && result.kind === 'json') {
      return write(completionWith(omit(result)), error);
    }
    throw error;
  }
}

/** The key is consumed by `completion`, with its result or without. */
export function settledWith(
  { result }: Completion,
  whyOmitted: Error | undefined,
): Extract<Settlement, { kind: 'settled' }> {
  if (result.kind !== 'omitted') return { kind: 'settled' };
  const error = whyOmitted === undefined ? {} : { error: whyOmitted };
  return { kind: 'settled', omission: { reason: result.reason, ...error } };
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
  return current?.owner === attempt.owner ? undefined : current;
}

async function completeOnce(
  store: IdempotencyStore,
  attempt: Attempt,
  completion: Completion,
  whyOmitted: Error | undefined,
): Promise<Settlement> {
  const outcome = await store.complete(attempt, completion);
  const current = outcome.applied ? undefined : outcome.current;
  // A completion whose reply was lost is refused by itself.
  const isOurs = current?.owner === attempt.owner && current.status === 'COMPLETED';
  if (!outcome.applied && !isOurs) return { kind: 'superseded', current };

  return settledWith(completion, whyOmitted);
}

/** The last look before the handler runs: a lock that was granted too late protects nothing any more. */
async function acquired(settings: ProtocolSettings, record: IdempotencyRecord): Promise<Claim> {
  const { id, owner, attempt, fingerprint, leaseEndsAtMs } = record;
  const granted: Attempt = { id, owner, attempt, fingerprint, leaseEndsAtMs };
  if (settings.now() < leaseEndsAtMs) return { kind: 'acquired', attempt: granted };
  // A lock that was taken over stays, lapsed: the attempt before it is in doubt, and its count, its payload and the
  // doubt itself must not be forgotten.
  if (attempt === 1) await release(settings, granted);
  throw grantedTooLate();
}

function grantedTooLate(): StoreError {
  return new StoreError('The lock was granted only after its lease had ended; the handler was not run.');
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
  verdict: Exclude<Verdict, 'lapsed'>,
  current: IdempotencyRecord,
  nowMs: number,
): Extract<Claim, { kind: 'completed' | 'in-progress' | 'mismatch' }> {
  switch (verdict) {
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'completed':
      return { kind: 'completed', result: current.result ?? { kind: 'undefined' } };
    case 'in-progress':
      return { kind: 'in-progress', retryAfterMs: Math.max(current.leaseEndsAtMs - nowMs, 0) };
  }
}

function remainderOf(omitted: RecordedResult): string | undefined {
  // Stryker disable next-line ConditionalExpression: no other result has a remainder, as the compiler wants to be told
  return omitted.kind === 'omitted' ? omitted.remainderJson : undefined;
}

function omitEntirely(): RecordedResult {
  return { kind: 'omitted', reason: 'too-large' };
}
