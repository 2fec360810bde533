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
 * A record past `expiresAtSeconds` counts as absent even while the store still holds it: DynamoDB deletes expired
 * items within days, not seconds. An INPROGRESS record past `leaseEndsAtMs` is lapsed: its attempt may have taken
 * effect or not, and nobody can tell from the record.
 */
import type { IdempotencyRecord } from '../stores/idempotency-store.ts';

export type Verdict = 'mismatch' | 'completed' | 'in-progress' | 'lapsed';

/** Whether `record` counts as absent. */
export function isExpired(record: IdempotencyRecord, nowMs: number): boolean {
  return record.expiresAtSeconds < epochSeconds(nowMs);
}

/**
 * What `record`, unless it is expired, means for a request with `fingerprint` at `nowMs`. A payload that differs is a
 * mismatch in every state: a key belongs to its first payload for as long as the record counts.
 */
export function judgeRecord(record: IdempotencyRecord, fingerprint: string, nowMs: number): Verdict {
  if (record.fingerprint !== fingerprint) return 'mismatch';
  if (record.status === 'COMPLETED') return 'completed';
  return nowMs < record.leaseEndsAtMs ? 'in-progress' : 'lapsed';
}

/** Whole epoch seconds, the unit of DynamoDB's TTL. */
export function epochSeconds(nowMs: number): number {
  return Math.floor(nowMs / 1000);
}
