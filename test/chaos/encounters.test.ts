import { describe, expect, test } from '@jest/globals';
import { missedEncounters } from './encounters.ts';
import type { Figures } from './figures.ts';

const WILD: Figures = {
  operations: 2_000,
  requests: 10_000,
  requestsUnanswered: 500,
  kills: 100,
  shortStops: 30,
  longStops: 40,
  killsInFlight: 90,
  killedAt: {
    arrived: 40,
    'handler begun': 20,
    'about to fail': 4,
    'effect logged': 30,
    'row put': 20,
    'answer made': 30,
  },
  zombies: 40,
  overruns: 0,
  takeovers: 80,
  superseded: 20,
  replays: 4_000,
  storeFailures: 5,
  mismatchesRefused: 200,
  executions: 2_060,
  furtherExecutions: 70,
  uncertainKeys: 20,
  rowsPerKey: { 1: 2_000 },
  executionsPerKey: { 1: 1_940, 2: 60 },
  longestUnavailableMs: 4_000,
  broken: {},
};

describe('a chaos run counts', () => {
  test('when it has met what it is for', () => {
    expect(missedEncounters(WILD)).toEqual([]);
  });

  test('also when it is too short to have to', () => {
    expect(
      missedEncounters({ ...WILD, kills: 3, killsInFlight: 0, longStops: 1, zombies: 0, superseded: 0 }),
    ).toEqual([]);
  });

  test.each<[Partial<Figures>, string]>([
    [{ killsInFlight: 10 }, 'Only 10 of 100 kills hit a request.'],
    [{ killedAt: { ...WILD.killedAt, 'row put': 0 } }, 'No kill hit between the effect and the record.'],
    [{ killedAt: { ...WILD.killedAt, 'effect logged': 0 } }, 'No kill hit between two effects.'],
    [{ takeovers: 0 }, 'No lapsed lease was taken over.'],
    [{ mismatchesRefused: 0 }, 'No other payload was refused.'],
    [{ zombies: 0 }, 'Nothing went on after its lease.'],
    [{ superseded: 0 }, 'No zombie met its successor.'],
  ])('not with %j', (changes, reason) => {
    expect(missedEncounters({ ...WILD, ...changes })).toEqual([reason]);
  });
});
