/** Many random schedules of the world of locks, one after another. */
import { randomChoices } from '../choices.ts';
import type { LockInvariant, LockViolation } from './lock-checker.ts';
import type { LockMutant } from './lock-mutants.ts';
import { runLockSchedule } from './lock-schedule.ts';
import { WIDE_LOCK_WORLD } from './lock-world.ts';

export interface LockSimulation {
  readonly schedules: number;
  readonly steps: number;
  readonly found:
    | {
        readonly seed: number;
        readonly invariant: LockInvariant;
        readonly violation: LockViolation;
        readonly picked: readonly number[];
      }
    | undefined;
}

const PROGRESS_EVERY = 1_000;

/** Runs the schedules of the seeds from `firstSeed` on, and stops at the first that breaks a promise. */
export async function simulateLocks(options: {
  readonly firstSeed: number;
  readonly schedules: number;
  readonly mutant?: LockMutant | undefined;
  readonly onProgress?: (schedules: number) => void;
}): Promise<LockSimulation> {
  const { firstSeed, schedules, mutant, onProgress } = options;
  let steps = 0;
  for (let done = 0; done < schedules; done += 1) {
    const seed = firstSeed + done;
    const choices = randomChoices(seed);
    const result = await runLockSchedule({ bounds: WIDE_LOCK_WORLD, choices, mutant });
    steps += result.steps;
    const { violation } = result;
    if (violation !== undefined) {
      const found = { seed, invariant: violation.invariant, violation, picked: choices.picked };
      return { schedules: done + 1, steps, found };
    }
    if ((done + 1) % PROGRESS_EVERY === 0) onProgress?.(PROGRESS_EVERY);
  }
  return { schedules, steps, found: undefined };
}
