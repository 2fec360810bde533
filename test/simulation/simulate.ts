/** Many random schedules, one after another. */
import type { Invariant, Violation } from './checker/promises.ts';
import { randomChoices } from './choices.ts';
import type { Mutant } from './mutants.ts';
import { runSchedule } from './schedule.ts';
import type { Bounds } from './world.ts';

export interface Simulation {
  /** Schedules that were run: all, or those up to the violation. */
  readonly schedules: number;
  readonly steps: number;
  readonly found: Finding | undefined;
}

export interface Finding {
  /** Of the schedule: the same seed in the same world makes it again. */
  readonly seed: number;
  readonly invariant: Invariant;
  readonly violation: Violation;
  readonly picked: readonly number[];
}

export interface SimulationOptions {
  readonly bounds: Bounds;
  readonly firstSeed: number;
  readonly schedules: number;
  readonly mutant?: Mutant | undefined;
  readonly onProgress?: (schedules: number) => void;
}

const PROGRESS_EVERY = 1_000;

/** Runs the schedules of the seeds from `firstSeed` on, and stops at the first that breaks a promise. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { bounds, firstSeed, schedules, mutant, onProgress } = options;
  let steps = 0;
  for (let done = 0; done < schedules; done += 1) {
    const seed = firstSeed + done;
    const choices = randomChoices(seed);
    const result = await runSchedule({ bounds, choices, mutant });
    steps += result.steps;
    const { violation } = result;
    if (violation !== undefined) {
      const { invariant } = violation;
      const found = { seed, invariant, violation, picked: choices.picked };
      return { schedules: done + 1, steps, found };
    }
    if ((done + 1) % PROGRESS_EVERY === 0) onProgress?.(PROGRESS_EVERY);
  }
  return { schedules, steps, found: undefined };
}
