/** Makes a schedule that breaks a promise as uneventful as it can be, while it still breaks the same one. */
import type { Invariant } from './checker.ts';
import { givenChoices, randomChoices } from './choices.ts';
import type { Mutant } from './mutants.ts';
import { runSchedule, type ScheduleResult } from './schedule.ts';
import type { Bounds } from './world.ts';

/** A search that finds nothing shorter for so many tries is at its end. */
const TRIES_MAX = 5_000;

/** Random schedules in each smaller world: some ten seconds of search. */
const SMALLER_WORLD_SCHEDULES = 10_000;

export async function shrink(
  bounds: Bounds,
  found: readonly number[],
  invariant: Invariant,
  mutant: Mutant | undefined,
): Promise<ScheduleResult> {
  const smaller = await findInSmallerWorld(bounds, invariant, mutant);
  if (smaller !== undefined) return calm(smaller.bounds, smaller.picked, invariant, mutant);
  return calm(bounds, found, invariant, mutant);
}

/**
 * Choices that make one send less cannot be had from those that make it: every later choice counts what is under way.
 * So the same broken promise is looked for anew where fewer requests are sent.
 */
async function findInSmallerWorld(bounds: Bounds, invariant: Invariant, mutant: Mutant | undefined) {
  for (let sends = 1; sends < Math.max(...bounds.sends); sends += 1) {
    const smaller: Bounds = { ...bounds, sends: [sends], keys: 1 };
    for (let seed = 0; seed < SMALLER_WORLD_SCHEDULES; seed += 1) {
      const choices = randomChoices(seed);
      const { violation } = await runSchedule({ bounds: smaller, choices, mutant });
      if (violation?.invariant === invariant) return { bounds: smaller, picked: choices.picked };
    }
  }
  return undefined;
}

/** Replaces what can be left out or be uneventful, one choice after another. */
async function calm(
  bounds: Bounds,
  found: readonly number[],
  invariant: Invariant,
  mutant: Mutant | undefined,
): Promise<ScheduleResult> {
  let best = found;
  let tries = 0;
  const stillBreaks = async (candidate: readonly number[]): Promise<boolean> => {
    tries += 1;
    const { violation } = await runSchedule({ bounds, choices: givenChoices(candidate), mutant });
    return violation?.invariant === invariant;
  };

  for (let improved = true; improved && tries < TRIES_MAX; ) {
    improved = false;
    for (let length = 8; length >= 1; length = Math.floor(length / 2)) {
      for (let start = 0; start + length <= best.length && tries < TRIES_MAX; start += 1) {
        const without = [...best.slice(0, start), ...best.slice(start + length)];
        if (await stillBreaks(without)) {
          best = without;
          improved = true;
        }
      }
    }
    for (let index = 0; index < best.length && tries < TRIES_MAX; index += 1) {
      const picked = best[index] ?? 0;
      for (const calmer of [0, picked - 1]) {
        if (calmer < 0 || calmer >= picked || !(await stillBreaks(best.with(index, calmer)))) continue;
        best = best.with(index, calmer);
        improved = true;
        break;
      }
    }
  }
  return runSchedule({ bounds, choices: givenChoices(best), mutant, withHistory: true });
}
