import { describe, expect, jest, test } from '@jest/globals';
import { randomChoices } from './choices.ts';
import { timeLine } from './history.ts';
import { LOCK_MUTANTS } from './locks/lock-mutants.ts';
import { runLockSchedule } from './locks/lock-schedule.ts';
import { WIDE_LOCK_WORLD } from './locks/lock-world.ts';
import { shrinkLockSchedule } from './locks/shrink-locks.ts';
import { simulateLocks } from './locks/simulate-locks.ts';

// Schedules are counted, not timed; a busy machine may take its time.
jest.setTimeout(120_000);

describe('random schedules of locks', () => {
  // `npm run simulate` runs 100,000 and more; these show that the harness runs where the other tests do.
  test('keep every promise', async () => {
    const { schedules, found } = await simulateLocks({ firstSeed: 1, schedules: 500 });
    expect(found?.violation.message).toBeUndefined();
    expect(schedules).toBe(500);
  });

  test('meet what they are made for: lost and late requests, crashes, takeovers, queues, expiry, other permits', async () => {
    let lines = '';
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const choices = randomChoices(seed);
      const { history } = await runLockSchedule({ bounds: WIDE_LOCK_WORLD, choices, withHistory: true });
      lines += timeLine(history, 'contender');
    }
    for (const accident of [
      'CRASHES',
      'take reply lost',
      'take delayed',
      'late take arrives',
      'late renew arrives',
      'is turned down as stale',
      'release reply lost',
      'enqueue delivered',
      'leaveQueue delivered',
      'renew delivered',
      'TTL deletes a record',
      'clock +1000 ms',
      'is told that its lease is lost',
      'ends: done',
      'ends: LOCK_NOT_ACQUIRED',
      'ends: LEASE_LOST',
      'ends: PERMITS_MISMATCH',
      'ends: STORE_UNAVAILABLE',
    ]) {
      expect(lines).toContain(accident);
    }
  });

  test('are the same again for the same seed', async () => {
    const historyOf = async (seed: number) => {
      const choices = randomChoices(seed);
      return (await runLockSchedule({ bounds: WIDE_LOCK_WORLD, choices, withHistory: true })).history;
    };
    const first = await historyOf(42);
    expect(first.length).toBeGreaterThan(10);
    expect(await historyOf(42)).toEqual(first);
    expect(await historyOf(43)).not.toEqual(first);
  });

  test('a broken promise is shown as the smallest time line that breaks it', async () => {
    const mutant = LOCK_MUTANTS.find(({ name }) => name.startsWith('frees whoever'));
    const { found } = await simulateLocks({ firstSeed: 1, schedules: 1_000, mutant });
    if (found === undefined) throw new Error('The mutant was not caught.');
    const { violation, history } = await shrinkLockSchedule(found.picked, found.invariant, mutant);
    expect(violation?.invariant).toBe('only the holder writes');
    expect(history.length).toBeLessThan(30);
  });
});
