import { setTimeout as pause } from 'node:timers/promises';

const ASK_AGAIN_AFTER_MS = 20;

/** Resolves as soon as `condition` holds; rejects with `description` if it still does not after `withinMs`. */
export async function until(
  description: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const giveUpAtMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAtMs) throw new Error(`Not so within ${withinMs} ms: ${description}`);
    await pause(ASK_AGAIN_AFTER_MS);
  }
}
