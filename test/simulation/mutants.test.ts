import { describe, expect, jest, test } from '@jest/globals';
import { worldFor } from './bounds.ts';
import { INVARIANTS, type Invariant } from './checker/promises.ts';
import { MUTANTS } from './mutants.ts';
import { simulate } from './simulate.ts';

// Schedules are counted, not timed; a busy machine may take its time.
jest.setTimeout(120_000);

/** Within so many schedules every mutant is caught; `docs/evidence/simulation.md` tells how soon each was. */
const SCHEDULES_MAX = 5_000;
const FIRST_SEED = 1;

// The first seed is fixed, so that a mutant is caught always or never.
describe('a protocol that was broken on purpose is caught', () => {
  const caughtBy = new Set<Invariant>();

  test.each(MUTANTS.map((mutant) => ({ name: mutant.name, mutant })))('$name', async ({ mutant }) => {
    const { found } = await simulate({
      bounds: worldFor(mutant),
      firstSeed: FIRST_SEED,
      schedules: SCHEDULES_MAX,
      mutant,
    });
    expect(mutant.breaks).toContain(found?.invariant);
    if (found !== undefined) caughtBy.add(found.invariant);
  });

  test.each(Object.keys(INVARIANTS))('by each promise at least once: %s', (invariant) => {
    expect(caughtBy).toContain(invariant);
  });
});
