/**
 * Life of a record, and how the protocol reads one. Every other file points to this diagram.
 *
 *             acquire (conditional put)              complete (conditional update)
 *    absent ──────────────────────────▶ INPROGRESS ──────────────────────────────▶ COMPLETED
 *       ▲                                │  │   ▲                                     │
 *       │    release (handler failed)    │  │   │ take over: the lease is over,       │ retention
 *       ├────────────────────────────────┘  └───┘ attempt + 1, new owner              │ is over
 *       └─────────────────────────────────────────────────────────────────────────────┘
 *
 * A handler that failed after a recorded step, or after a takeover, gives its key back by setting the end of the lease to
 * 0 instead of deleting the record: the next attempt takes it over at once, with its steps and its number. That record is
 * suspended.
 *
 * A record past `expiresAtSeconds` counts as absent even while the store still holds it: DynamoDB deletes expired
 * items within days, not seconds. An INPROGRESS record past `leaseEndsAtMs` is lapsed: its attempt may have taken
 * effect or not, and nobody can tell from the record.
 */
import type { IdempotencyRecord } from '../stores/idempotency-store.ts';

export type Verdict = 'mismatch' | 'completed' | 'in-progress' | 'suspended' | 'lapsed';

/** The end of a lease that was given back; no clock shows it. */
export const SUSPENDED = 0;

/** Whether `record` counts as absent. */
export function isExpired(record: Pick<IdempotencyRecord, 'expiresAtSeconds'>, nowMs: number): boolean {
  return record.expiresAtSeconds < epochSeconds(nowMs);
}

/**
 * What `record`, unless it is expired, means for a request with `fingerprint` at `nowMs`. A payload that differs is a
 * mismatch in every state: a key belongs to its first payload for as long as the record counts.
 */
export function judgeRecord(record: IdempotencyRecord, fingerprint: string, nowMs: number): Verdict {
  if (record.fingerprint !== fingerprint) return 'mismatch';
  if (record.status === 'COMPLETED') return 'completed';
  if (record.leaseEndsAtMs === SUSPENDED) return 'suspended';
  return nowMs < record.leaseEndsAtMs ? 'in-progress' : 'lapsed';
}

/** Whole epoch seconds, the unit of DynamoDB's TTL. */
export function epochSeconds(nowMs: number): number {
  return Math.floor(nowMs / 1000);
}
