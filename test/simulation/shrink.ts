/** Makes a schedule that breaks a promise as uneventful as it can be, while it still breaks the same one. */
import { calm } from './calm.ts';
import type { Invariant } from './checker/promises.ts';
import { givenChoices, randomChoices } from './choices.ts';
import type { Mutant } from './mutants.ts';
import { runSchedule, type ScheduleResult } from './schedule.ts';
import type { Bounds } from './world.ts';

/** Random schedules in each smaller world: some ten seconds of search. */
const SMALLER_WORLD_SCHEDULES = 10_000;

export async function shrink(
  bounds: Bounds,
  found: readonly number[],
  invariant: Invariant,
  mutant: Mutant | undefined,
): Promise<ScheduleResult> {
  const smaller = await findInSmallerWorld(bounds, invariant, mutant);
  const within = smaller?.bounds ?? bounds;
  const calmed = await calm(smaller?.picked ?? found, async (candidate) => {
    const choices = givenChoices(candidate);
    const { violation } = await runSchedule({ bounds: within, choices, mutant });
    return violation?.invariant === invariant;
  });
  return runSchedule({ bounds: within, choices: givenChoices(calmed), mutant, withHistory: true });
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
