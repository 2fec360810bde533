/** Makes a schedule that breaks a promise as uneventful as it can be, while it still breaks the same one. */
import type { Invariant } from './checker.ts';
import { givenChoices } from './choices.ts';
import type { Mutant } from './mutants.ts';
import { runSchedule, type ScheduleResult } from './schedule.ts';
import type { Bounds } from './world.ts';

/** A search that finds nothing shorter for so many tries is at its end. */
const TRIES_MAX = 5_000;

export async function shrink(
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
      if (best[index] === 0) continue;
      const calmer = best.with(index, 0);
      if (await stillBreaks(calmer)) {
        best = calmer;
        improved = true;
      }
    }
  }
  return runSchedule({ bounds, choices: givenChoices(best), mutant, withHistory: true });
}
