import { describe, expect, test } from '@jest/globals';
import { later, type Sleep, sleep, within } from '../../../lib/idempotency/sleep.ts';

const LONG_MS = 60_000;

describe('sleep', () => {
  test('lasts as long as it is told, or until it is called off, which ends its timer', async () => {
    const startedAtMs = performance.now();
    await sleep(20);
    // Node's timers count whole milliseconds.
    expect(performance.now() - startedAtMs).toBeGreaterThan(18);

    const alarm = new AbortController();
    const asleep = sleep(LONG_MS, alarm.signal);
    alarm.abort();
    await expect(asleep).rejects.toThrow(/aborted/);
  });
});

describe('a process', () => {
  const held = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;

  test.each<[string, { readonly ref?: boolean } | undefined, number]>([
    ['is kept alive by a sleep, for somebody waits for what comes after', undefined, 1],
    ['is not where nobody waits', { ref: false }, 0],
  ])('%s', async (_, options, timers) => {
    const alarm = new AbortController();
    const before = held();
    const asleep = sleep(LONG_MS, alarm.signal, options);
    expect(held() - before).toBe(timers);
    alarm.abort();
    await expect(asleep).rejects.toThrow(/aborted/);
  });
});

describe('later', () => {
  test('rings when the sleep is over, and keeps no process alive for it', async () => {
    const asked: unknown[] = [];
    let rings = 0;
    const sleeping: Sleep = async (ms, _signal, options) => asked.push(ms, options);
    later(7, () => ++rings, sleeping);
    await sleep(1);
    expect([rings, asked]).toEqual([1, [7, { ref: false }]]);
  });

  test('does not ring once it is cancelled, though the sleep was over by then', async () => {
    let rings = 0;
    const cancel = later(
      7,
      () => ++rings,
      () => Promise.resolve(),
    );
    cancel();
    await sleep(1);
    expect(rings).toBe(0);
  });
});

describe('within', () => {
  const recorded = () => {
    const signals: (AbortSignal | undefined)[] = [];
    const sleeping = (ms: number, signal?: AbortSignal) => {
      signals.push(signal);
      return sleep(ms, signal);
    };
    return { signals, sleeping };
  };

  test('gives what the work comes to, and calls the alarm off', async () => {
    const { signals, sleeping } = recorded();
    expect(await within(LONG_MS, Promise.resolve('done'), sleeping)).toBe('done');
    await expect(within(LONG_MS, Promise.reject(new Error('failed')), sleeping)).rejects.toThrow('failed');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  test('gives up work that takes too long, and does not mind what becomes of it', async () => {
    let fail: (error: Error) => void = () => {};
    const work = new Promise<string>((_, reject) => {
      fail = reject;
    });
    expect(await within(1, work, sleep)).toBeUndefined();
    fail(new Error('nobody handles this, and nobody has to'));
    await sleep(5);
  });
});
