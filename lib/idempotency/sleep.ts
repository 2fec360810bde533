import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves after `ms` milliseconds; rejects as soon as `signal` aborts, and then holds nothing any more. With
 * `{ ref: false }` it keeps no process alive.
 */
export type Sleep = (
  ms: number,
  signal?: AbortSignal,
  options?: { readonly ref?: boolean },
) => Promise<unknown>;

/** By the process's own timers. They keep it alive unless told otherwise: somebody waits for the answer that comes after. */
export function sleep(ms: number, signal?: AbortSignal, { ref = true } = {}): Promise<unknown> {
  return pause(ms, undefined, { signal, ref });
}

/** Runs `callback` after `ms`, beside the work and not for its sake: it keeps no process alive. Returns what cancels it. */
export function later(ms: number, callback: () => void, sleeping: Sleep): () => void {
  const alarm = new AbortController();
  const ring = () => {
    // It may have been switched off between the end of the sleep and this turn.
    if (!alarm.signal.aborted) callback();
  };
  sleeping(ms, alarm.signal, { ref: false }).then(ring, () => {}); // Switched off.
  return () => alarm.abort();
}

/** What `work` comes to within `ms`, or `undefined` if it is not done by then. `work` itself is not stopped. */
export async function within<T>(ms: number, work: Promise<T>, sleeping: Sleep): Promise<T | undefined> {
  const alarm = new AbortController();
  const late = sleeping(ms, alarm.signal).then(
    () => undefined,
    () => undefined, // Switched off below.
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    alarm.abort();
  }
}
