import { describe, expect, test } from '@jest/globals';
import { LEASE_MS, makePlan } from './plan.ts';

const OPTIONS = { seed: 1, operations: 2_000, kills: 100, stops: 70, blockPercent: 20, failPercent: 6 };

describe('the plan of a chaos run', () => {
  test('is the same again for the same seed, and another one for another', () => {
    expect(makePlan(OPTIONS)).toEqual(makePlan(OPTIONS));
    expect(makePlan({ ...OPTIONS, seed: 2 })).not.toEqual(makePlan(OPTIONS));
  });

  test('has a key of its own for each operation', () => {
    const keys = makePlan(OPTIONS).operations.map(({ key }) => key);
    expect(new Set(keys).size).toBe(2_000);
    for (const key of keys)
      expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test('has all strikes that were asked for, in order, and stops on both sides of a lease', () => {
    const { strikes } = makePlan(OPTIONS);
    expect(strikes.filter(({ kind }) => kind === 'kill')).toHaveLength(100);
    for (const { kind, stopMs } of strikes) {
      if (kind === 'short stop') expect(stopMs).toBeLessThan(LEASE_MS);
      if (kind === 'long stop') expect(stopMs).toBeGreaterThanOrEqual(LEASE_MS);
    }
    expect(strikes.filter(({ kind }) => kind === 'short stop')).toHaveLength(30);
    expect(strikes.filter(({ kind }) => kind === 'long stop')).toHaveLength(40);
    const dueAfter = strikes.map(({ afterOperation }) => afterOperation);
    expect(dueAfter).toEqual(dueAfter.toSorted((one, other) => one - other));
    expect(dueAfter.every((operation) => operation >= 1 && operation <= 2_000)).toBe(true);
  });

  test.each([1, 2, 10, 30])('of %d operations lets every strike come due', (operations) => {
    const { strikes } = makePlan({ ...OPTIONS, operations });
    expect(strikes).toHaveLength(170);
    expect(strikes.every(({ afterOperation }) => afterOperation <= operations)).toBe(true);
  });

  test('sends another payload for no operation whose handler fails: that gives the key back', () => {
    const { operations } = makePlan({ ...OPTIONS, failPercent: 50 });
    expect(operations.filter(({ failsFirst }) => failsFirst).length).toBeGreaterThan(500);
    expect(operations.filter(({ failsFirst, mismatch }) => failsFirst && mismatch !== 'never')).toEqual([]);
  });
});
