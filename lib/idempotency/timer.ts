/** Runs `callback` once, `delayMs` milliseconds from now, and returns what cancels that. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void;

/** A wait that somebody is waiting for: by the machine's timers it keeps the process alive. */
export function waitBy(setTimer: SetTimer = keepingAlive): (delayMs: number) => Promise<void> {
  return (delayMs) =>
    new Promise((resolve) => {
      setTimer(resolve, delayMs);
    });
}

/** For what is done beside the work: by the machine's timers it never keeps the process alive. */
export function beside(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

function keepingAlive(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
