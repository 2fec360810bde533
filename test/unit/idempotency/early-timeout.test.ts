import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { watchEarlyTimeout } from '../../../lib/idempotency/early-timeout.ts';

const LONG_MS = 50;

describe('a watch on the early time-out of Middy’s core', () => {
  test('says that it may have fired by the time that it fires, and not before it can', async () => {
    const watch = watchEarlyTimeout(60, 30);
    // Core's own, made as core does: after the guard, from what is left then.
    const fired = pause(60 - 30).then(() => watch.mayHaveFired());
    expect(watch.mayHaveFired()).toBe(false);
    expect(await fired).toBe(true);
  });

  test('does not say so long before', async () => {
    const watch = watchEarlyTimeout(10_000, 30);
    await pause(LONG_MS);
    expect(watch.mayHaveFired()).toBe(false);
    watch.end();
  });

  test.each([
    ['the time left is not known', undefined, 30],
    ['the time-out is switched off', 10, 0],
  ])('never says so where %s, since core sets no timer', async (_, remainingMs, earlyByMs) => {
    const watch = watchEarlyTimeout(remainingMs, earlyByMs);
    await pause(LONG_MS);
    expect(watch.mayHaveFired()).toBe(false);
    watch.end();
  });

  test('has come to its end for good', async () => {
    const watch = watchEarlyTimeout(35, 30);
    watch.end();
    await pause(LONG_MS);
    expect(watch.mayHaveFired()).toBe(false);
  });

  test('holds no process back that has nothing else to do', () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const watch = watchEarlyTimeout(10_000, 30);
    expect(timers()).toBe(before);
    watch.end();

    // The same question of a timer that does.
    const holding = setTimeout(() => {}, 10_000);
    expect(timers()).toBe(before + 1);
    clearTimeout(holding);
  });
});
