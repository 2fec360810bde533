/** A seat of a show: where it is, and what can become of it. */

export interface Place {
  readonly showId: string;
  readonly seatId: string;
}

/**
 * ```
 *            hold, on condition that it is for sale                 book, by whoever holds it
 *  for sale ────────────────────────────────────────────▶ held ───────────────────────────────▶ booked
 *      ▲                                                   │
 *      └─────────── the hold is over: nobody has to do it ─┘
 * ```
 */
export type SeatStatus =
  | { readonly status: 'for-sale' }
  /** ISO 8601, UTC. */
  | { readonly status: 'held'; readonly heldUntil: string }
  | { readonly status: 'booked' };

/** The hall is the same for every show: rows A to E of ten seats. */
const ROWS = ['A', 'B', 'C', 'D', 'E'];
const SEATS_IN_ROW = 10;

export const SEAT_IDS: readonly string[] = ROWS.flatMap((row) =>
  Array.from({ length: SEATS_IN_ROW }, (_, index) => `${row}${index + 1}`),
);

/** Characters that need no escaping in a path. */
const SHOW_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/;

export const SHOW_ID_RULE =
  'must be 1 to 64 letters, digits, dots, underscores, tildes or hyphens, the first a letter or digit';

export function isShowId(value: unknown): value is string {
  return typeof value === 'string' && SHOW_ID.test(value);
}

export function isSeatId(value: unknown): value is string {
  return SEAT_IDS.some((seatId) => seatId === value);
}
