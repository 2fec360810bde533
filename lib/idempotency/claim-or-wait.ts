/**
 * A duplicate that waits for the first attempt's result, instead of being told to come back. While it waits it reads
 * the record now and then, and writes nothing; a key that it finds free again it claims as any request does.
 */
import { fullJitter } from './back-off.ts';
import { errorOf, StoreError } from './errors.ts';
import type { IdempotencyEventListener } from './events.ts';
import {
  type Claim,
  type ClaimRequest,
  claim,
  lookAt,
  type Outlook,
  type ProtocolSettings,
} from './protocol.ts';
import { type Sleep, within } from './sleep.ts';

export interface WaitSettings extends ProtocolSettings {
  readonly notify: IdempotencyEventListener;
  readonly sleep: Sleep;
  /** 0 to below 1. */
  readonly random: () => number;
}

export interface Patience {
  readonly waitMs: number;
  /** What is left of the invocation; infinite where nothing ends it. */
  readonly remainingMs: () => number;
  /** Time before the end of the invocation in which others want to have the answer. */
  readonly timeoutEarlyInMillis: number;
}

/**
 * Kept free before the invocation ends, for the last read and for the answer on its way through the other
 * middlewares: a 409 that comes is worth more than a result that would have come. Half of it is the read's.
 */
const ANSWER_MARGIN_MS = 500;

/** The first pause. Many handlers take some hundred milliseconds, and the pauses double: 2 to 4 reads for these. */
const PAUSE_BASE_MS = 50;

/**
 * The longest pause: a second, or a tenth of the time there is. With full jitter half of it is the mean, so that
 * 20 reads and those of the beginning (5 in a wait of ten seconds, 11 in one of 15 minutes) are what a wait takes.
 */
const PAUSE_CAP_MS = 1000;
const PAUSE_CAP_SHARE = 1 / 10;

/** A bound that no wait comes near where chance is fair (see above). */
const READS_MAX = 50;

/**
 * A waiter runs the handler itself only while this share of the time that it had at first is left. With less, the
 * handler might be cut off, which leaves an unknown outcome; its caller does better to come back for the whole time.
 */
const RUN_SHARE = 1 / 2;

/**
 * Claims the key; where another attempt holds it, waits until there is a result, the key is free, or time is up. The
 * answer is then `in-progress`, as it would have been without waiting.
 *
 * A store that fails during the wait does not end it: that the key is in use is known, and nothing here depends on
 * reading it at once.
 * @param request - made anew for each claim, since its lease begins then
 * @throws StoreError when a claim fails
 */
export async function claimOrWait(
  settings: WaitSettings,
  request: () => ClaimRequest,
  patience: Patience,
): Promise<Claim> {
  // One token for all its claims, so that a lock which an earlier one left on its way is known to be its own.
  const owner = settings.newOwner();
  const claimNow = () => claim(settings, { ...request(), owner });
  const claimed = await claimNow();
  if (claimed.kind !== 'in-progress') return claimed;
  return await waitWhile(claimed, { ...request(), owner }, claimNow, settings, patience);
}

type InProgress = Extract<Claim, { kind: 'in-progress' }>;

async function waitWhile(
  refused: InProgress,
  request: ClaimRequest & { readonly owner: string },
  claimNow: () => Promise<Claim>,
  settings: WaitSettings,
  { waitMs, remainingMs, timeoutEarlyInMillis }: Patience,
): Promise<Claim> {
  const { now, sleep, random, notify } = settings;
  const startedAtMs = now();
  const marginMs = ANSWER_MARGIN_MS + timeoutEarlyInMillis;
  // Asked anew each time, and of two clocks, so that a wall clock that jumps cannot carry it past the deadline.
  const leftMs = () => Math.min(startedAtMs + waitMs - now(), remainingMs() - marginMs);
  const timeToRunMs = remainingMs() * RUN_SHARE;
  const backOff = { baseMs: PAUSE_BASE_MS, capMs: Math.max(PAUSE_CAP_MS, leftMs() * PAUSE_CAP_SHARE) };
  let leaseEndsAtMs = startedAtMs + refused.retryAfterMs;
  let reads = 0;
  let failedReads = 0;

  async function look(): Promise<Outlook | undefined> {
    reads += 1;
    try {
      // None, where it has overslept.
      const patienceMs = Math.max(leftMs() + ANSWER_MARGIN_MS / 2, 0);
      const seen = await within(patienceMs, lookAt(settings, request), sleep);
      if (seen !== undefined) return seen;
      throw new StoreError('The record could not be read in the time that was left.');
    } catch (error) {
      failedReads += 1;
      // A store that is down would be told once a read, and once is enough.
      if (failedReads === 1) {
        notify({ type: 'store-failed', id: request.id, during: 'read', error: errorOf(error) });
      }
      return undefined;
    }
  }

  if (leftMs() <= 0) return refused;
  try {
    while (reads < READS_MAX && leftMs() > 0) {
      await sleep(Math.max(Math.min(fullJitter(backOff, reads, random), leftMs()), 0));
      const seen = await look();
      if (seen === undefined) continue;
      const isLate = remainingMs() < timeToRunMs;
      if (seen.kind === 'free' && isLate) return { kind: 'in-progress', retryAfterMs: 0 };
      const claimed = seen.kind === 'free' || seen.kind === 'own-lock' ? await claimNow() : seen;
      if (claimed.kind !== 'in-progress') return claimed;
      leaseEndsAtMs = now() + claimed.retryAfterMs;
    }
    return { kind: 'in-progress', retryAfterMs: Math.max(leaseEndsAtMs - now(), 0) };
  } finally {
    notify({ type: 'waited', id: request.id, waitedMs: now() - startedAtMs, reads, failedReads });
  }
}
