import { describe, expect, jest, test } from '@jest/globals';
import { smallWorld } from './bounds.ts';
import { exploreAll } from './exhaustive.ts';
import { KNOWN_COUNTS } from './known-counts.ts';
import { MUTANTS } from './mutants.ts';

// Schedules are counted, not timed; a busy machine may take its time.
jest.setTimeout(120_000);

/** More take minutes: `npm run simulate:exhaustive -- --attempts 3` and the like hold their counts to the same table. */
const STATES_MAX = 32_000;

describe('every interleaving of two attempts with a crash keeps every promise', () => {
  test.each(
    KNOWN_COUNTS.filter(
      ({ attempts, crashes, states }) => attempts === 2 && crashes === 1 && states < STATES_MAX,
    ),
  )(
    "$work, onUncertain '$onUncertain', faults $faults: $states states, $histories histories",
    async ({ attempts, crashes, faults, work, onUncertain, states, histories, joined }) => {
      const found = await exploreAll(smallWorld(attempts, crashes, faults, onUncertain, work));
      expect(found.violation?.message).toBeUndefined();
      expect(found).toMatchObject({ states, histories, joined });
    },
  );

  test.each(['reads, decides and then puts', 'runs although it holds no lock'])(
    'and a protocol that %s does not',
    async (name) => {
      const mutant = MUTANTS.find((one) => one.name === name);
      if (mutant === undefined) throw new Error(`There is no mutant "${name}".`);
      const { violation } = await exploreAll(smallWorld(2, 1, 1, 'retry'), { mutant });
      expect(mutant.breaks).toContain(violation?.invariant);
    },
  );
});
