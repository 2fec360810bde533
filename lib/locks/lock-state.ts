/**
 * What the store keeps of a resource, and what it means for one who wants a place. Pure; every other file points here.
 *
 *                      take (a place is free, and it is our turn)
 *      nothing ───────────────────────────────────────────────────▶ holder ─┐ renew
 *         │                                                         │  ▲ └──┘
 *         │ enqueue       take (it is our turn)                     │  │
 *         └────────▶ ticket ────────────────────────────────────────│──┘
 *                      │ leave the queue, or passed over            │ release, or taken over when the lease is over
 *                      ▼                                            ▼
 *                    nothing                                     nothing
 *
 * A mutex is a semaphore with one permit. All of a resource lies in one record, so that one conditional write can see
 * every holder and the whole queue. Rules, which hold under any interleaving, any crash and any lost reply:
 *
 * 1. A place is taken by a write on condition that nobody took one since the record was read (`fencingToken`), and that
 *    the holders whose leases are over have not renewed meanwhile. Releases in between do no harm, and so no condition.
 * 2. A holder renews and releases on condition that it is still a holder. Nobody else is disturbed, nor is a late holder.
 * 3. Each grant has a higher `fencingToken` than all before it. The record stays when nobody holds or waits, and the
 *    number is never below the clock, so that it does not fall either where TTL or an operator deletes the record.
 * 4. The owner token is fresh for each acquisition and the same for all its tries: a grant whose reply was lost is
 *    recognised, and a request that arrives late finds a condition that no longer holds.
 */

export interface Holder {
  readonly fencingToken: number;
  /** Epoch milliseconds. Nobody else counts the place as free before that moment, by its own clock. */
  readonly leaseEndsAtMs: number;
}

/** One resource as its record shows it: who holds its places, and who waits for one. */
export interface LockState {
  readonly id: string;
  readonly permits: number;
  /** Of the last grant. */
  readonly fencingToken: number;
  /** By owner token. */
  readonly holders: Readonly<Record<string, Holder>>;
  /** Tickets, in the order in which they are served, by owner token. */
  readonly queue: Readonly<Record<string, number>>;
  /** Epoch milliseconds of the last release; 0 before there was one. */
  readonly freedAtMs: number;
  /** Epoch seconds: not before that may TTL delete the record. It counts for as long as it is there. */
  readonly expiresAtSeconds: number;
}

/**
 * How long whoever is first in the queue has for taking a free place, in milliseconds, before the one behind may pass. It
 * asks many times in that time; one that does not is dead, frozen or cut off, and holds up the others no longer than this.
 */
export const TURN_MS = 1000;

/** A bound on what one record holds: a ticket is some 30 bytes, and a write is charged by the KB. */
export const QUEUE_MAX = 100;
export const PERMITS_MAX = 100;

export interface Wish {
  readonly owner: string;
  readonly permits: number;
}

export type Outlook =
  /** A place may be taken, over these holders whose leases are over, and past these tickets that missed their turn. */
  | {
      readonly kind: 'free';
      readonly lapsed: readonly (readonly [owner: string, holder: Holder])[];
      readonly passed: readonly string[];
    }
  /** Taken by an earlier try of ours. */
  | { readonly kind: 'ours'; readonly holder: Holder }
  /** No place is free, or it is somebody else's turn. */
  | {
      readonly kind: 'busy';
      /** How many are served before. */
      readonly ahead: number;
      readonly hasTicket: boolean;
      /** Until the first lease ends, at the latest. */
      readonly retryAfterMs: number;
    }
  /** Held under another number of permits. */
  | { readonly kind: 'other-permits'; readonly permits: number };

/** What `state` means at `nowMs`, by the reader's own clock, for one who wishes for a place. */
export function lookAt(state: LockState, { owner, permits }: Wish, nowMs: number): Outlook {
  const own = state.holders[owner];
  if (own !== undefined) return { kind: 'ours', holder: own };

  const holders = Object.entries(state.holders);
  const lapsed = holders.filter(([, { leaseEndsAtMs }]) => leaseEndsAtMs <= nowMs);
  const live = holders.filter(([, { leaseEndsAtMs }]) => leaseEndsAtMs > nowMs);
  // Where nobody holds a place, the number may change: otherwise a team could never do so.
  if (state.permits !== permits && live.length > 0) return { kind: 'other-permits', permits: state.permits };

  const line = inLine(state.queue);
  const ticket = line.indexOf(owner);
  const ahead = ticket < 0 ? line.length : ticket;
  const free = permits - live.length;
  const overdue = Math.max(ahead - Math.max(free, 0) + 1, 0);
  const freedAtMs = Math.max(state.freedAtMs, ...lapsed.map(([, { leaseEndsAtMs }]) => leaseEndsAtMs));
  if (free > 0 && (overdue === 0 || nowMs >= freedAtMs + overdue * TURN_MS)) {
    return { kind: 'free', lapsed, passed: line.slice(0, overdue) };
  }
  const firstEndMs = Math.min(...live.map(([, { leaseEndsAtMs }]) => leaseEndsAtMs));
  const retryAfterMs = free > 0 ? TURN_MS : Math.max(firstEndMs - nowMs, 0);
  return { kind: 'busy', ahead, hasTicket: ticket >= 0, retryAfterMs };
}

/**
 * The number of the next grant: higher than the last, and not below the clock. DynamoDB takes no more than some 500 grants
 * and releases of one item a second, so the clock is never outrun; and a record that is made anew, since TTL has deleted the
 * old one a week after its last use, begins above all that it ever had.
 */
export function nextFencingToken(last: number | undefined, nowMs: number): number {
  return Math.max((last ?? 0) + 1, Math.floor(nowMs));
}

function inLine(queue: LockState['queue']): string[] {
  return Object.entries(queue)
    .sort(([, a], [, b]) => a - b)
    .map(([owner]) => owner);
}
