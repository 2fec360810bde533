/**
 * The protocol: acquire, take over, complete, release. Pure against the store's port; time and randomness are
 * passed in. Which request is which, and what a caller is told, is decided elsewhere (guard.ts).
 *
 * It holds under any interleaving because each step is one atomic conditional write of the store, and because the
 * answer to a refused write is read before anything is concluded from the refusal.
 */
import type {
  CompletedRecord,
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  Lease,
  OmissionReason,
  RecordedResult,
  RecordedSteps,
  TakeOverOutcome,
  WriteOutcome,
} from '../stores/idempotency-store.ts';
import { ResultTooLargeError, StoreError } from './errors.ts';
import { epochSeconds, isExpired, judgeRecord, SUSPENDED, type Verdict } from './record.ts';

/** What to do with a key whose last attempt ended without telling its outcome. */
export type OnUncertain = 'retry' | 'block';

/** Finds out under the lock; for the claim, it is a lease that may be taken over. */
type OnUncertainFunction = (...args: never[]) => unknown;

export interface ProtocolSettings {
  readonly store: IdempotencyStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A fresh unguessable token for each attempt. */
  readonly newOwner: () => string;
  readonly retentionSeconds: number;
  /** By how much two clocks may differ, in milliseconds. */
  readonly clockSkewMs: number;
  readonly onUncertain: OnUncertain | OnUncertainFunction;
  /** Largest result that is recorded, in UTF-8 bytes of its JSON. @defaultValue what the store can keep */
  readonly resultMaxBytes?: number;
  /** Told of records that are read or completed, as they stand in the store: for a cache of those that are final. */
  readonly remember?: ((record: IdempotencyRecord) => void) | undefined;
}

export interface ClaimRequest {
  readonly id: string;
  readonly fingerprint: string;
  /** Epoch milliseconds: the attempt cannot still be running then, unless it renews its lease. */
  readonly leaseEndsAtMs: number;
  /** The end of the last lease that it may come to by renewing. @defaultValue leaseEndsAtMs */
  readonly latestLeaseEndMs?: number;
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
  /** What earlier attempts have recorded, and this one since. */
  readonly steps: RecordedSteps | undefined;
}

export type Claim =
  | {
      readonly kind: 'acquired';
      readonly attempt: Attempt;
      /** The end of the lease that was taken over, if nobody knows how its attempt ended. */
      readonly leaseEndedAtMs?: number;
    }
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
  /**
   * `omission`: a completion without its result. `found`: the key had been consumed by this attempt before, by the same
   * write when its reply was lost, or by another one of it.
   */
  | { readonly kind: 'settled'; readonly omission?: Omission; readonly found?: IdempotencyRecord }
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

/** As often as a renewal can have been under way, and once more. */
const END_TURNS_MAX = 3;

/** Told to a caller when nothing better is known: long enough for a short handler, short enough not to be noticed. */
export const RETRY_SOON_MS = 1000;

/**
 * Takes the key, or says why not. Resolves to `acquired` for at most one live lease per id at any time.
 * @throws StoreError when the store fails, or answers so late that the lease is over before the handler could run.
 */
export async function claim(settings: ProtocolSettings, request: ClaimRequest): Promise<Claim> {
  const { store, now } = settings;
  const owner = request.owner ?? settings.newOwner();
  let wanted = newRecord(settings, request, owner);
  let lapsed: IdempotencyRecord | undefined;
  let asked: IdempotencyRecord | undefined;
  let outcome: WriteOutcome | TakeOverOutcome = await store.acquire(wanted, epochSeconds(now()));

  // What became of the last write is looked at like that of any other: it may have been granted.
  for (let turn = 0; ; turn++) {
    if (outcome.applied) {
      return await acquired(settings, 'record' in outcome ? outcome.record : wanted, lapsed);
    }
    const current = outcome.current;
    // The reply to our own write was lost and the client library sent it again: the lock that refused us is ours.
    if (current?.owner === owner && current.status === 'INPROGRESS') {
      return await acquired(settings, current, lapsed);
    }

    if (current === undefined || isExpired(current, now())) {
      if (turn === CLAIM_TURNS_MAX) return soon();
      // Released, or expired, between the refusal and the read.
      lapsed = undefined;
      asked = undefined;
      wanted = newRecord(settings, request, owner);
      outcome = await store.acquire(wanted, epochSeconds(now()));
      continue;
    }
    const verdict = judgeRecord(current, request.fingerprint, now());
    if (verdict !== 'lapsed' && verdict !== 'suspended') return refusal(settings, verdict, current, now());
    // A suspended key is in no doubt: its handler itself has said that it failed.
    if (verdict === 'lapsed' && settings.onUncertain === 'block') return { kind: 'uncertain' };
    if (turn === CLAIM_TURNS_MAX || isSameLease(current, asked)) return soon();
    // Not for a lease that is over: whoever is in doubt may yet complete, and would be stopped for nothing.
    if (!isStillWorthwhile(settings, request.leaseEndsAtMs)) throw grantedTooLate();
    lapsed = verdict === 'lapsed' ? current : undefined;
    asked = current;
    wanted = { ...newRecord(settings, request, owner), attempt: current.attempt + 1 };
    outcome = await store.takeOver(wanted, current);
  }
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
  if (verdict === 'suspended') return { kind: 'free' };
  if (verdict === 'lapsed') return { kind: settings.onUncertain === 'block' ? 'uncertain' : 'free' };
  if (verdict === 'in-progress' && current.owner === owner) return { kind: 'own-lock' };
  return refusal(settings, verdict, current, nowMs);
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
    completeOnce(settings, attempt, withoutSteps(completion, attempt), whyOmitted),
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
 * Gives the key back after a handler that failed. What the next attempt has to know keeps the record: steps, behind the
 * last of which it goes on, and the number of an attempt that has taken over, below which no fencing number may fall
 * while an attempt before it could still be at work. Otherwise the record is deleted.
 * @throws StoreError when it cannot be told whether the key was given back; the lease then runs out by itself.
 */
export async function giveBack(settings: ProtocolSettings, attempt: Attempt): Promise<Settlement> {
  return isKeptWhenGivenBack(attempt) ? endLease(settings, attempt, SUSPENDED) : release(settings, attempt);
}

export function isKeptWhenGivenBack({ attempt, steps }: Attempt): boolean {
  return attempt > 1 || steps !== undefined;
}

/**
 * Lets the lease end at `endMs`, from now on, and keeps the record: at 0 it is given back, at any other time its outcome is
 * unknown to whoever comes next.
 * @throws StoreError when it cannot be told whether it was done; the lease then runs out by itself.
 */
export async function endLease(
  settings: ProtocolSettings,
  attempt: Attempt,
  endMs: number,
): Promise<Settlement> {
  let lease: Lease = attempt;
  for (let turn = 0; turn < END_TURNS_MAX; turn++) {
    const outcome = await settings.store.renew(lease, endMs);
    if (outcome.applied || outcome.current === undefined) return { kind: 'settled' };
    const { current } = outcome;
    if (current.owner !== attempt.owner || current.status !== 'INPROGRESS') {
      return { kind: 'superseded', current };
    }
    // The reply to our own write was lost.
    if (current.leaseEndsAtMs === endMs) return { kind: 'settled' };
    // A renewal of ours that had got no reply was applied after all: the lease is still ours, with another end.
    lease = current;
  }
  throw new StoreError('The lease changed whenever it was to be ended.');
}

export type Renewal =
  | { readonly kind: 'renewed'; readonly leaseEndsAtMs: number }
  /** Completed or given back by this attempt itself: there is nothing left to renew. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'lost'; readonly current: IdempotencyRecord | undefined };

/**
 * Moves the end of the lease.
 * @throws StoreError when it cannot be told whether it was moved; the next renewal finds out
 */
export async function renew(
  settings: ProtocolSettings,
  attempt: Attempt,
  nextLeaseEndsAtMs: number,
): Promise<Renewal> {
  const outcome = await settings.store.renew(attempt, nextLeaseEndsAtMs);
  if (outcome.applied) return { kind: 'renewed', leaseEndsAtMs: nextLeaseEndsAtMs };
  const { current } = outcome;
  if (current?.owner !== attempt.owner) return { kind: 'lost', current };
  if (current.status === 'COMPLETED' || current.leaseEndsAtMs === SUSPENDED) return { kind: 'settled' };
  // The reply to our own renewal was lost, to this one or to one before it.
  return { kind: 'renewed', leaseEndsAtMs: current.leaseEndsAtMs };
}

/**
 * Records the result of one step. JSON text, empty for `undefined`.
 * @throws ResultTooLargeError where it does not fit; StoreError when it cannot be told whether it was recorded
 */
export async function recordStep(
  settings: ProtocolSettings,
  attempt: Attempt,
  name: string,
  json: string,
): Promise<Settlement> {
  const outcome = await settings.store.recordStep(attempt, name, json);
  return outcome.applied ? { kind: 'settled' } : { kind: 'superseded', current: outcome.current };
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

/** `completion` with the names of the steps that it drops. */
export function withoutSteps(completion: Completion, { steps }: Attempt): Completion {
  return steps === undefined ? completion : { ...completion, stepNames: Object.keys(steps) };
}

async function completeOnce(
  { store, remember }: ProtocolSettings,
  attempt: Attempt,
  completion: Completion,
  whyOmitted: Error | undefined,
): Promise<Settlement> {
  const outcome = await store.complete(attempt, completion);
  const current = outcome.applied ? completedRecord(attempt, completion) : outcome.current;
  if (current !== undefined) remember?.(current);
  // A completion whose reply was lost is refused by itself.
  const isOurs = current?.owner === attempt.owner && current.status === 'COMPLETED';
  if (!isOurs) return { kind: 'superseded', current };
  const settlement = settledWith(completion, whyOmitted);
  return outcome.applied ? settlement : { ...settlement, found: current };
}

/** The record as the store has it once `completion` is applied. */
export function completedRecord(
  { id, owner, attempt, fingerprint, leaseEndsAtMs }: Omit<Attempt, 'steps'>,
  { result, expiresAtSeconds }: Completion,
): CompletedRecord {
  return { id, owner, attempt, fingerprint, leaseEndsAtMs, result, expiresAtSeconds, status: 'COMPLETED' };
}

/** A takeover of it was refused, although it is what it was: by the store's own clock it is not over. */
function isSameLease(current: IdempotencyRecord, asked: IdempotencyRecord | undefined): boolean {
  return current.owner === asked?.owner && current.leaseEndsAtMs === asked.leaseEndsAtMs;
}

function soon(): Extract<Claim, { kind: 'in-progress' }> {
  return { kind: 'in-progress', retryAfterMs: RETRY_SOON_MS };
}

/** The last look before the handler runs: a lock that was granted too late protects nothing any more. */
async function acquired(
  settings: ProtocolSettings,
  record: IdempotencyRecord,
  lapsed: IdempotencyRecord | undefined,
): Promise<Claim> {
  const { id, owner, attempt, fingerprint, leaseEndsAtMs, steps } = record;
  const granted: Attempt = { id, owner, attempt, fingerprint, leaseEndsAtMs, steps };
  if (isStillWorthwhile(settings, leaseEndsAtMs)) {
    const doubt = lapsed === undefined ? {} : { leaseEndedAtMs: lapsed.leaseEndsAtMs };
    return { kind: 'acquired', attempt: granted, ...doubt };
  }
  // A lock that was taken over stays, lapsed: the attempt before it is in doubt, and that must not be forgotten.
  if (lapsed === undefined) await giveBack(settings, granted);
  throw grantedTooLate();
}

/** Another sandbox, whose clock is ahead, may take over as soon as this one sees the margin begin. */
function isStillWorthwhile({ now, clockSkewMs }: ProtocolSettings, leaseEndsAtMs: number): boolean {
  return now() < leaseEndsAtMs - clockSkewMs;
}

function grantedTooLate(): StoreError {
  return new StoreError(
    'The lock was granted only when its lease was about to end; the handler was not run.',
  );
}

function newRecord(settings: ProtocolSettings, request: ClaimRequest, owner: string): InProgressRecord {
  const retainedUntil = epochSeconds(settings.now()) + settings.retentionSeconds;
  const { leaseEndsAtMs, latestLeaseEndMs = leaseEndsAtMs } = request;
  return {
    id: request.id,
    status: 'INPROGRESS',
    owner,
    attempt: 1,
    fingerprint: request.fingerprint,
    leaseEndsAtMs,
    // Never before the end of the lease: an expired record counts as absent, and a live lease must not.
    expiresAtSeconds: Math.max(retainedUntil, epochSeconds(latestLeaseEndMs) + 1),
  };
}

function refusal(
  { remember }: ProtocolSettings,
  verdict: Exclude<Verdict, 'lapsed' | 'suspended'>,
  current: IdempotencyRecord,
  nowMs: number,
): Extract<Claim, { kind: 'completed' | 'in-progress' | 'mismatch' }> {
  remember?.(current);
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
