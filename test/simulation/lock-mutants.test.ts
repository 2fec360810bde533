import { describe, expect, jest, test } from '@jest/globals';
import { LOCK_INVARIANTS, type LockInvariant } from './locks/lock-checker.ts';
import { LOCK_MUTANTS } from './locks/lock-mutants.ts';
import { simulateLocks } from './locks/simulate-locks.ts';

// Schedules are counted, not timed; a busy machine may take its time.
jest.setTimeout(120_000);

/** Within so many schedules every mutant is caught; `docs/evidence/simulation.md` tells how soon each was. */
const SCHEDULES_MAX = 6_000;

// The first seed is fixed, so that a mutant is caught always or never.
describe('locks that were broken on purpose are caught', () => {
  const caughtBy = new Set<LockInvariant>();

  test.each(LOCK_MUTANTS.map((mutant) => ({ name: mutant.name, mutant })))('$name', async ({ mutant }) => {
    const { found } = await simulateLocks({ firstSeed: 1, schedules: SCHEDULES_MAX, mutant });
    expect(mutant.breaks).toContain(found?.invariant);
    if (found !== undefined) caughtBy.add(found.invariant);
  });

  test.each(Object.keys(LOCK_INVARIANTS))('by each promise at least once: %s', (invariant) => {
    expect(caughtBy).toContain(invariant);
  });
});
