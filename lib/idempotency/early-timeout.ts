/** Node's timers count whole milliseconds of another clock, so that by the wall clock one may fire this much early. */
const TIMER_EARLY_MAX_MS = 2;

export interface EarlyTimeoutWatch {
  /** False as long as core's timer cannot have fired: whatever core was given, the handler has made it. */
  mayHaveFired(): boolean;
  end(): void;
}

/**
 * Middy's core gives its middlewares no sign of its early time-out, which may answer or throw while the handler is
 * still running. The time at which an answer comes does not tell it either: a handler can be quicker than the
 * time-out in the last milliseconds, and a process that was frozen over its deadline reads the handler's last reply
 * before it looks at its timers. So a timer is set here, before core sets its own and for a moment no later. While
 * this one has not fired, that one has not.
 *
 * @param remainingMs - what is left of the invocation; core sets no timer where that is not known.
 * @param earlyByMs - the user's `timeoutEarlyInMillis`; core sets no timer where that is 0.
 */
export function watchEarlyTimeout(remainingMs: number | undefined, earlyByMs: number): EarlyTimeoutWatch {
  let hasFired = false;
  if (remainingMs === undefined || earlyByMs === 0) return { mayHaveFired: () => false, end: () => {} };
  const timer = setTimeout(
    () => {
      hasFired = true;
    },
    remainingMs - earlyByMs - TIMER_EARLY_MAX_MS,
  );
  // It must hold no process back that has nothing else to do.
  timer.unref();
  return { mayHaveFired: () => hasFired, end: () => clearTimeout(timer) };
}
