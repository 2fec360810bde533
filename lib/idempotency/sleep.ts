import { setTimeout as pause } from 'node:timers/promises';

/** Resolves after `ms` milliseconds; rejects as soon as `signal` aborts, and then holds nothing any more. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<unknown>;

/** By the process's own timers. They keep it alive, since somebody waits for the answer that comes after. */
export function sleep(ms: number, signal?: AbortSignal): Promise<unknown> {
  return pause(ms, undefined, { signal });
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
