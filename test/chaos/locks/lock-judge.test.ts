import { describe, expect, test } from '@jest/globals';
import type { Holding } from './holding.ts';
import { judgeLocks, type LockRun, missedByLockRun } from './lock-judge.ts';

function held(fencingToken: number, fromMs: number, toMs: number | undefined, more: Partial<Holding> = {}) {
  return {
    worker: `w${fencingToken}`,
    resource: 'mutex',
    fencingToken,
    grantedAtMs: fromMs,
    leaseEndsAtMs: fromMs + 1000,
    endedAtMs: toMs,
    write: 'applied',
    ...more,
  } satisfies Holding;
}

const judge = (holdings: readonly Holding[], more: Partial<LockRun> = {}) =>
  judgeLocks({
    permits: { mutex: 1, semaphore: 2 },
    holdings,
    kills: [],
    counter: 0,
    increments: 0,
    recoveryMaxMs: 3_000,
    ...more,
  });

describe('the judge of a run of locks', () => {
  test('finds nothing where one came after the other', () => {
    const { findings, figures } = judge([held(1, 0, 100), held(2, 100, 200)]);
    expect(findings).toEqual([]);
    expect(figures).toMatchObject({ grants: 2, most: { mutex: 1, semaphore: 0 } });
  });

  test('finds two holders of a mutex, and three of a semaphore of two', () => {
    expect(judge([held(1, 0, 100), held(2, 99, 200)]).findings).toEqual([
      '2 held mutex at a time, where 1 may.',
    ]);
    const of = { resource: 'semaphore' };
    expect(judge([held(1, 0, 100, of), held(2, 0, 100, of)]).findings).toEqual([]);
    expect(judge([held(1, 0, 100, of), held(2, 0, 100, of), held(3, 99, 100, of)]).findings).toHaveLength(1);
  });

  test('does not count a holder beyond its lease, and counts it as a zombie', () => {
    const { findings, figures } = judge([held(1, 0, 2_000), held(2, 1_000, 1_500)]);
    expect(findings).toEqual([]);
    expect(figures.zombies).toBe(1);
  });

  test('finds numbers that were granted twice, or fell', () => {
    expect(judge([held(1, 0, 100), held(1, 200, 300)]).findings).toEqual([
      'A number of mutex was granted twice.',
    ]);
    expect(judge([held(2, 0, 100), held(1, 200, 300)]).findings).toEqual(['1 of mutex was granted after 2.']);
  });

  test('finds lost increments', () => {
    expect(judge([], { counter: 6, increments: 7 }).findings).toHaveLength(1);
  });

  test('tells how long the place of a dead holder was taken, and finds it too long', () => {
    const holdings = [held(1, 0, undefined), held(2, 2_500, 2_600)];
    const kills = [{ worker: 'w1', atMs: 500 }];
    expect(judge(holdings, { kills })).toMatchObject({
      findings: [],
      figures: { holdersKilled: 1, longestWaitAfterDeathMs: 2_000 },
    });
    expect(judge(holdings, { kills, recoveryMaxMs: 1_999 }).findings).toHaveLength(1);
  });

  test('says where a run was too tame', () => {
    expect(missedByLockRun(judge([]).figures, { mutex: 1 })).toHaveLength(4);
  });
});
