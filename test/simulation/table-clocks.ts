import type { IdempotencyRecord } from '../../lib/index.ts';

/** When a record stops to protect or to count: by the true clock, and by what the store goes by. */
export interface TableClocks {
  /** The earliest moment at which anybody may take it over. */
  mayBeTakenOverFromMs(record: IdempotencyRecord): number;
  /** The moment from which on it counts as absent. */
  countsUntilMs(record: IdempotencyRecord): number;
  /** What the store has deleted by itself, since time went on: the ids of these records. */
  dropExpired(): readonly string[];
}

/**
 * Where the store has no clock of its own, and looks at none.
 * @param clockSkewMs - by how much the clock of the caller that is ahead most is ahead
 */
export function byCallersClocks(clockSkewMs: number): TableClocks {
  return {
    mayBeTakenOverFromMs: ({ leaseEndsAtMs }) => leaseEndsAtMs - clockSkewMs,
    // The second that `expiration` names counts in full, by a clock that is right or ahead.
    countsUntilMs: ({ expiresAtSeconds }) => (expiresAtSeconds + 1) * 1000,
    dropExpired: () => [],
  };
}
