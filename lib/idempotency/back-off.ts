/**
 * Pauses between tries: exponential back-off with full jitter, `random(0, min(cap, base * 2^turn))`, as Amazon's
 * Architecture Blog measures it against its rivals ("Exponential Backoff And Jitter", 2015). Duplicates of one request
 * arrive together, and the randomness is what keeps them from asking together.
 */
export interface BackOff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * The pause before try `turn`, counted from 0, in whole milliseconds.
 * @param random - 0 to below 1, as of `Math.random`
 */
export function fullJitter({ baseMs, capMs }: BackOff, turn: number, random: () => number): number {
  return Math.ceil(random() * Math.min(capMs, baseMs * 2 ** turn));
}
