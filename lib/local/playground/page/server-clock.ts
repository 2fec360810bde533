/**
 * The server's clock, by which leases run and events are told. On one machine it is ours; through a forwarded port it may
 * be another one's.
 */

/** What a slow answer can make of two clocks that agree. */
const OFFSET_IGNORED_MS = 250;

let offsetMs = 0;

/** @param serverMs - what the server's clock said between `sentAtMs` and now */
export function learnServerTime(serverMs: number, sentAtMs: number): void {
  const measuredMs = serverMs - (sentAtMs + Date.now()) / 2;
  offsetMs = Math.abs(measuredMs) < OFFSET_IGNORED_MS ? 0 : measuredMs;
}

/** Epoch milliseconds. */
export function serverNowMs(): number {
  return Date.now() + offsetMs;
}
