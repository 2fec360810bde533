import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fullJitter } from '../../../lib/idempotency/back-off.ts';

const backOff = { baseMs: 50, capMs: 1000 };

describe('fullJitter', () => {
  test('doubles from the base to the cap, and takes the share of it that chance says', () => {
    const pauses = (random: number) =>
      [0, 1, 2, 3, 4, 5, 50].map((turn) => fullJitter(backOff, turn, () => random));
    expect(pauses(0.999_999)).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
    expect(pauses(0.5)).toEqual([25, 50, 100, 200, 400, 500, 500]);
    expect(pauses(0)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('is a whole number from 0 to the cap, whatever turn and chance', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (turn, random) => {
          const pauseMs = fullJitter(backOff, turn, () => random);
          expect(Number.isInteger(pauseMs) && pauseMs >= 0 && pauseMs <= backOff.capMs).toBe(true);
        },
      ),
    );
  });
});
