import { describe, expect, jest, test } from '@jest/globals';
import { WIDE_WORLD } from './bounds.ts';
import { randomChoices } from './choices.ts';
import { timeLine } from './history.ts';
import { MUTANTS } from './mutants.ts';
import { runSchedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

// Schedules are counted, not timed; a busy machine may take its time.
jest.setTimeout(120_000);

describe('random schedules', () => {
  // `npm run simulate` runs 100,000 and more; these show that the harness runs where the other tests do.
  test('keep every promise', async () => {
    const { schedules, found } = await simulate({ bounds: WIDE_WORLD, firstSeed: 1, schedules: 500 });
    expect(found?.violation.message).toBeUndefined();
    expect(schedules).toBe(500);
  });

  test('meet what they are made for: replays, refusals, takeovers, crashes, lost replies, expiry', async () => {
    let lines = '';
    for (let seed = 1; seed <= 2_500; seed += 1) {
      const choices = randomChoices(seed);
      lines += timeLine((await runSchedule({ bounds: WIDE_WORLD, choices, withHistory: true })).history);
    }
    const accidents = [
      'CRASHES',
      'is killed at its deadline',
      'never killed',
      'reply lost',
      'delayed',
      'arrives',
      'takeOver delivered',
      'release delivered',
      'TTL deletes a record',
      'IN_PROGRESS',
      'PAYLOAD_MISMATCH',
      'OUTCOME_UNKNOWN',
      'STORE_UNAVAILABLE',
      'SUPERSEDED',
      'middleware, Middy 7',
      'onUncertain: block',
      'onUncertain: find out',
      'asks what became of it',
      'lease of 1500 ms, renewed',
      'renew delivered',
      'recordStep reply lost',
      'completeWith reply lost',
      'putCompleted reply lost',
      'warm cache',
      'DynamoDB, long answers',
      'effect, Valkey',
      'steps, Valkey',
      'the store lets a record go',
      'clock +5000 ms',
      'at server 2',
      'ROW in database 2',
      'finds its row in database',
      'late row arrives',
      'under makeIdempotent',
      'under makeHandlerIdempotent',
      'under this library',
      'chunk refused',
      'acquire, chunk delivered',
      'completeWith conflicts',
      'finds nothing in stock',
      'one more comes into stock',
      'TTL deletes a chunk',
      'RESULT_NOT_RECORDED',
      'clock +1000 ms',
    ];
    expect(accidents.filter((accident) => !lines.includes(accident))).toEqual([]);
  });

  test('are the same again for the same seed', async () => {
    const historyOf = async (seed: number) =>
      (await runSchedule({ bounds: WIDE_WORLD, choices: randomChoices(seed), withHistory: true })).history;
    const first = await historyOf(42);
    expect(first.length).toBeGreaterThan(10);
    expect(await historyOf(42)).toEqual(first);
    expect(await historyOf(43)).not.toEqual(first);
  });

  test('take as many steps again, whichever way a request came in: no real timer has a say', async () => {
    const stepsOf = async () => (await simulate({ bounds: WIDE_WORLD, firstSeed: 1, schedules: 300 })).steps;
    expect(await stepsOf()).toBe(await stepsOf());
  });

  test('a broken promise is shown as the smallest time line that breaks it', async () => {
    const mutant = MUTANTS.find(({ name }) => name.startsWith('deletes the lock that refused it'));
    const { found } = await simulate({ bounds: WIDE_WORLD, firstSeed: 1, schedules: 1_000, mutant });
    if (found === undefined) throw new Error('The mutant was not caught.');
    const { violation, history } = await shrink(WIDE_WORLD, found.picked, found.invariant, mutant);
    expect(violation?.invariant).toBe('only the owner writes');
    expect(`\n${timeLine(history)}\n`).toBe(`
      0 ms            wrapper with key, effect, onUncertain: retry, results kept for 60 s
      0 ms  send 1        arrives with key k1, body A (clock +0 ms)
      0 ms  send 1        acquire reply lost
      0 ms  send 1        acquire delivered
`);
  });
});
