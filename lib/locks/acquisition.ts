/** From a wish to a place: one try, or a wait in the queue of the resource. */
import { type BackOff, fullJitter } from '../idempotency/back-off.ts';
import { errorOf, StoreError } from '../idempotency/errors.ts';
import { epochSeconds } from '../idempotency/record.ts';
import { within } from '../idempotency/sleep.ts';
import { LockNotAcquiredError, PermitsMismatchError } from './errors.ts';
import {
  type Holder,
  type LockState,
  lookAt,
  nextFencingToken,
  type Outlook,
  QUEUE_MAX,
} from './lock-state.ts';
import type { LockSettings } from './options.ts';

/** One acquisition: all its tries have one owner token. */
export interface LockRequest {
  readonly id: string;
  readonly owner: string;
  readonly permits: number;
  readonly leaseMs: number;
}

export interface Patience {
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

type Busy = Pick<Extract<Outlook, { kind: 'busy' }>, 'kind' | 'ahead' | 'hasTicket' | 'retryAfterMs'>;
export type Attempted = { readonly kind: 'granted'; readonly holder: Holder } | Busy;

/**
 * How long a record is kept that nobody uses. It must outlast every lease (options.ts: a day) and clocks that are wrong by
 * days, since what keeps fencing numbers growing beyond it is the clock.
 */
const RETENTION_SECONDS = 7 * 86_400;

/**
 * How often a try follows a record that changes between the look and the write. Each turn means that another got a place,
 * so there is soon none left; the bound keeps a broken store from holding a caller.
 */
const TAKE_TURNS_MAX = 5;

/** First and longest pause of whoever is next: a hand-over takes half of the latter on the average, and 20 turns fit in TURN_MS. */
const PAUSE_BASE_MS = 20;
const NEXT_PAUSE_MS = 50;
/** Each place further behind pauses for so much longer, for nothing changes for it yet; half of TURN_MS at the most. */
const PAUSE_MOST_MS = 500;
/** Where chance says none at all: a bound on the requests of a wait. */
const PAUSE_LEAST_MS = 10;

/** What a wait may take beyond its time, to give back its ticket: one request, and no more than that. */
const LEAVE_MS = 250;

/** What the first try may take, however short the wait: a new connection, and a request that hangs until it is tried again. */
const FIRST_TRY_MS = 2500;

/** The end of a lease as the store has it: by a clock that is behind as far as clocks may differ, it is not over early. */
export function leaseEnd({ now, clockSkewMs }: LockSettings, leaseMs: number): number {
  return Math.ceil(now() + leaseMs) + clockSkewMs;
}

export function expirationOf(leaseEndsAtMs: number): number {
  return epochSeconds(leaseEndsAtMs) + RETENTION_SECONDS;
}

/**
 * Takes a place if one is free and it is our turn; waits for nothing.
 * @throws StoreError if it cannot be told what became of it: a place that was taken is free when its lease is over.
 * @throws PermitsMismatchError
 */
export async function tryOnce(settings: LockSettings, request: LockRequest): Promise<Attempted> {
  return await takeFrom(settings, request, await settings.store.read(request.id));
}

/**
 * Waits in the queue until there is a place.
 *
 * A store that fails during the wait does not end it. A ticket that cannot be given back, as that of a process which
 * dies, holds up those behind it for `TURN_MS` once.
 * @throws LockNotAcquiredError when the time is over; the reason of `signal` when it aborts
 * @throws StoreError when the first look fails
 * @throws PermitsMismatchError
 */
export async function acquirePlace(
  settings: LockSettings,
  request: LockRequest,
  { waitMs, signal }: Patience,
): Promise<Holder> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const line = waitInLine(settings, request, waitMs, stop.signal);
  let abort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
  });
  signal?.addEventListener('abort', abort);
  try {
    const mostMs = Math.max(waitMs + LEAVE_MS, FIRST_TRY_MS);
    const come = await within(mostMs, Promise.race([line, aborted]), settings.sleep);
    if (come?.attempted.kind === 'granted') return come.attempted.holder;
    if (come === undefined) {
      // A request is under way. What it may yet bring is given back.
      stop.abort();
      line.then(
        ({ attempted }) => (attempted.kind === 'granted' ? giveBack(settings, request) : undefined),
        () => {}, // There is nothing to give back, and nobody to tell.
      );
    }
    signal?.throwIfAborted();
    throw new LockNotAcquiredError({
      retryAfterMs: come?.attempted.retryAfterMs ?? 0,
      cause: come?.failure,
    });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

interface Waited {
  readonly attempted: Attempted;
  /** The last thing that the store failed with. */
  readonly failure: Error | undefined;
}

async function waitInLine(
  settings: LockSettings,
  request: LockRequest,
  waitMs: number,
  stop: AbortSignal,
): Promise<Waited> {
  const { store, now, random, notify } = settings;
  const { id, owner } = request;
  const deadlineMs = now() + waitMs;
  const leftMs = () => (stop.aborted ? 0 : deadlineMs - now());
  let failure: Error | undefined;
  let mayHaveTicket = false;

  /** What a request comes to that may fail without ending the wait. */
  async function tolerating(attempt: () => Promise<Attempted>): Promise<Attempted | undefined> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // A store that is down would be told once a try, and once is enough.
      if (failure === undefined) notify({ type: 'store-failed', id, during: 'wait', error });
      failure = error;
      return undefined;
    }
  }

  async function joinQueue(): Promise<Attempted> {
    mayHaveTicket = true;
    const outcome = await store.enqueue(id, owner, QUEUE_MAX);
    const state = outcome.applied ? (outcome.state ?? (await store.read(id))) : outcome.current;
    return await takeFrom(settings, request, state);
  }

  let attempted: Attempted = await tryOnce(settings, request);
  try {
    for (let looks = 0; attempted.kind === 'busy' && leftMs() > 0; looks += 1) {
      if (!attempted.hasTicket) attempted = (await tolerating(joinQueue)) ?? attempted;
      if (attempted.kind === 'granted' || leftMs() <= 0) break;
      const pauseMs = Math.max(fullJitter(backOffBehind(attempted.ahead), looks, random), PAUSE_LEAST_MS);
      await sleepUnless(stop, Math.min(pauseMs, leftMs()), settings);
      if (leftMs() > 0) attempted = (await tolerating(() => tryOnce(settings, request))) ?? attempted;
    }
  } finally {
    if (attempted.kind === 'busy') {
      if (mayHaveTicket) await quietly(settings, id, 'leave-queue', () => store.leaveQueue(id, owner));
      // A take whose reply never came may have got a place.
      if (failure !== undefined) await giveBack(settings, request);
    }
  }
  return { attempted, failure };
}

function backOffBehind(ahead: number): BackOff {
  return { baseMs: PAUSE_BASE_MS, capMs: Math.min(NEXT_PAUSE_MS * (1 + ahead), PAUSE_MOST_MS) };
}

/** Decides on `state`, and on what each refused write brings back. */
async function takeFrom(
  settings: LockSettings,
  request: LockRequest,
  state: LockState | undefined,
): Promise<Attempted> {
  const { store, now } = settings;
  const { id, owner, permits, leaseMs } = request;
  let seen = state;
  for (let turn = 0; turn < TAKE_TURNS_MAX; turn += 1) {
    const nowMs = now();
    const outlook: Outlook =
      seen === undefined ? { kind: 'free', lapsed: [], passed: [] } : lookAt(seen, request, nowMs);
    if (outlook.kind === 'ours') return await unlessLate(settings, request, outlook.holder);
    if (outlook.kind === 'busy') return outlook;
    if (outlook.kind === 'other-permits') {
      throw new PermitsMismatchError({ wanted: permits, found: outlook.permits });
    }
    const leaseEndsAtMs = leaseEnd(settings, leaseMs);
    const fencingToken = nextFencingToken(seen?.fencingToken, nowMs);
    const outcome = await store.take({
      id,
      owner,
      permits,
      fencingToken,
      leaseEndsAtMs,
      expiresAtSeconds: Math.max(expirationOf(leaseEndsAtMs), seen?.expiresAtSeconds ?? 0),
      seen: seen === undefined ? undefined : whatItRestsOn(seen, outlook),
    });
    if (outcome.applied) return await unlessLate(settings, request, { fencingToken, leaseEndsAtMs });
    seen = outcome.current;
  }
  // Others got every place that was seen.
  return { kind: 'busy', ahead: 0, hasTicket: owner in (seen?.queue ?? {}), retryAfterMs: 0 };
}

function whatItRestsOn({ fencingToken }: LockState, { lapsed, passed }: Extract<Outlook, { kind: 'free' }>) {
  return {
    fencingToken,
    lapsed: lapsed.map(([owner, { leaseEndsAtMs }]) => [owner, leaseEndsAtMs] as const),
    passed,
  };
}

/** A place that was granted too late protects nothing any more: another, whose clock is ahead, may take it over. */
async function unlessLate(settings: LockSettings, request: LockRequest, holder: Holder): Promise<Attempted> {
  if (settings.now() < holder.leaseEndsAtMs - settings.clockSkewMs) return { kind: 'granted', holder };
  await giveBack(settings, request);
  return { kind: 'busy', ahead: 0, hasTicket: false, retryAfterMs: 0 };
}

async function giveBack(settings: LockSettings, { id, owner }: LockRequest): Promise<void> {
  await quietly(settings, id, 'release', () => settings.store.release(id, owner, settings.now()));
}

/** For what mends itself: a ticket that stays is passed over, and a lease that stays runs out. */
async function quietly(
  { notify }: LockSettings,
  id: string,
  during: 'release' | 'leave-queue',
  request: () => Promise<unknown>,
): Promise<void> {
  try {
    await request();
  } catch (error) {
    notify({ type: 'store-failed', id, during, error: errorOf(error) });
  }
}

async function sleepUnless(stop: AbortSignal, ms: number, { sleep }: LockSettings): Promise<void> {
  try {
    await sleep(ms, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}
