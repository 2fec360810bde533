import { AsyncLocalStorage } from 'node:async_hooks';
import type { Guarded } from './guard.ts';

/** One for all schedules: each one that was ever used slows every promise down. */
export const running = new AsyncLocalStorage<Guarded>();

/** The invocation in whose asynchronous context this is asked. */
export function currentlyRunning(): Guarded {
  const guarded = running.getStore();
  if (guarded === undefined) throw new Error('A guard is at work outside any invocation.');
  return guarded;
}
