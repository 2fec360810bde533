/** The worlds that can be simulated, for `npm run simulate` and its mutants. */
import { worldFor } from './bounds.ts';
import { givenChoices } from './choices.ts';
import { timeLine } from './history.ts';
import { LOCK_MUTANTS } from './locks/lock-mutants.ts';
import { runLockSchedule } from './locks/lock-schedule.ts';
import { WIDE_LOCK_WORLD } from './locks/lock-world.ts';
import { shrinkLockSchedule } from './locks/shrink-locks.ts';
import { simulateLocks } from './locks/simulate-locks.ts';
import { MUTANTS } from './mutants.ts';
import { runSchedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

export interface WorldSimulation {
  readonly schedules: number;
  readonly steps: number;
  readonly found:
    | { readonly seed: number; readonly invariant: string; readonly picked: readonly number[] }
    | undefined;
}

export interface SimulatedWorld {
  readonly mutants: readonly { readonly name: string; readonly breaks: readonly string[] }[];
  simulate(options: {
    readonly firstSeed: number;
    readonly schedules: number;
    readonly mutantName: string | undefined;
    readonly onProgress?: (schedules: number) => void;
  }): Promise<WorldSimulation>;
  /** The smallest schedule that is found to break the same promise, as a time line. Throws if none breaks any. */
  smallest(
    picked: readonly number[],
    mutantName: string | undefined,
  ): Promise<{ readonly message: string; readonly timeLine: string }>;
}

const idempotency: SimulatedWorld = {
  mutants: MUTANTS,
  simulate({ mutantName, ...options }) {
    const mutant = named(MUTANTS, mutantName);
    return simulate({ bounds: worldFor(mutant), mutant, ...options });
  },
  async smallest(picked, mutantName) {
    const mutant = named(MUTANTS, mutantName);
    const bounds = worldFor(mutant);
    const { violation } = await runSchedule({ bounds, choices: givenChoices(picked), mutant });
    if (violation === undefined) throw new Error('The schedule does not break the promise again.');
    const minimal = await shrink(bounds, picked, violation.invariant, mutant);
    const { message } = minimal.violation ?? violation;
    return { message, timeLine: timeLine(minimal.history) };
  },
};

const locks: SimulatedWorld = {
  mutants: LOCK_MUTANTS,
  simulate: ({ mutantName, ...options }) =>
    simulateLocks({ mutant: named(LOCK_MUTANTS, mutantName), ...options }),
  async smallest(picked, mutantName) {
    const mutant = named(LOCK_MUTANTS, mutantName);
    const choices = givenChoices(picked);
    const { violation } = await runLockSchedule({ bounds: WIDE_LOCK_WORLD, choices, mutant });
    if (violation === undefined) throw new Error('The schedule does not break the promise again.');
    const minimal = await shrinkLockSchedule(picked, violation.invariant, mutant);
    const { message } = minimal.violation ?? violation;
    return { message, timeLine: timeLine(minimal.history, 'contender') };
  },
};

export const WORLDS = { idempotency, locks } as const satisfies Record<string, SimulatedWorld>;
export type WorldName = keyof typeof WORLDS;
export const WORLD_NAMES = Object.keys(WORLDS) as readonly WorldName[]; // Its keys are exactly the names of its type.

function named<T extends { readonly name: string }>(
  mutants: readonly T[],
  name: string | undefined,
): T | undefined {
  return mutants.find((mutant) => mutant.name === name);
}
