/** Milliseconds since it was made. */
export type Stopwatch = () => number;

/**
 * Time that has passed by whichever of two clocks says more. The wall clock can be set back, and the monotonic one stands
 * still on some systems while the machine sleeps: a laptop that is opened after the night must not send a key that the
 * server has forgotten. Too much is safe: it ends in "no answer", and not in a second effect.
 */
export function startStopwatch(clocks: {
  readonly now: () => number;
  readonly monotonicNow: () => number;
}): Stopwatch {
  const wallStart = clocks.now();
  const start = clocks.monotonicNow();
  return () => Math.max(clocks.now() - wallStart, clocks.monotonicNow() - start);
}
