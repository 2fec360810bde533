/** Makes a schedule that breaks a promise as uneventful as it can be, while it still breaks the same one. */
import { calm } from '../calm.ts';
import { givenChoices } from '../choices.ts';
import type { LockInvariant } from './lock-checker.ts';
import type { LockMutant } from './lock-mutants.ts';
import { type LockScheduleResult, runLockSchedule } from './lock-schedule.ts';
import { WIDE_LOCK_WORLD } from './lock-world.ts';

export async function shrinkLockSchedule(
  found: readonly number[],
  invariant: LockInvariant,
  mutant: LockMutant | undefined,
): Promise<LockScheduleResult> {
  const run = (picked: readonly number[], withHistory = false) =>
    runLockSchedule({ bounds: WIDE_LOCK_WORLD, choices: givenChoices(picked), mutant, withHistory });
  const calmed = await calm(
    found,
    async (candidate) => (await run(candidate)).violation?.invariant === invariant,
  );
  return run(calmed, true);
}
