import { describe, expect, test } from '@jest/globals';
import { type LockState, lookAt, nextFencingToken, TURN_MS } from '../../../lib/locks/lock-state.ts';

const NOW_MS = 1_800_000_000_000;
const LIVE = { fencingToken: 1, leaseEndsAtMs: NOW_MS + 1 };
const OVER = { fencingToken: 1, leaseEndsAtMs: NOW_MS };

function state(changes: Partial<LockState> = {}): LockState {
  return {
    id: 'lock:1',
    permits: 1,
    fencingToken: 7,
    holders: {},
    queue: {},
    freedAtMs: NOW_MS,
    expiresAtSeconds: 0,
    ...changes,
  };
}
const me = (permits = 1) => ({ owner: 'me', permits });
const FREE = { kind: 'free', lapsed: [], passed: [] };

describe('a place', () => {
  test('is free where nobody holds it', () => {
    expect(lookAt(state(), me(), NOW_MS)).toEqual(FREE);
  });

  test('is taken up to the end of the lease, and told to be for that long', () => {
    expect(lookAt(state({ holders: { a: LIVE } }), me(), NOW_MS)).toEqual({
      kind: 'busy',
      ahead: 0,
      hasTicket: false,
      retryAfterMs: 1,
    });
  });

  test('is free from the end of the lease on, over the one who held it', () => {
    const holders = { a: OVER };
    expect(lookAt(state({ holders }), me(), NOW_MS)).toEqual({ ...FREE, lapsed: [['a', OVER]] });
  });

  test('is free as long as fewer hold one than may', () => {
    const two = state({ permits: 2, holders: { a: LIVE, b: LIVE } });
    expect(lookAt(two, me(2), NOW_MS)).toMatchObject({ kind: 'busy', retryAfterMs: 1 });
    const one = state({ permits: 2, holders: { a: LIVE, b: OVER } });
    expect(lookAt(one, me(2), NOW_MS)).toEqual({ ...FREE, lapsed: [['b', OVER]] });
  });

  test('that an earlier try has got is ours, whoever is in line', () => {
    const holders = { me: LIVE };
    expect(lookAt(state({ holders, queue: { x: 1 } }), me(), NOW_MS)).toEqual({ kind: 'ours', holder: LIVE });
  });
});

describe('the number of permits', () => {
  test('must be the one that others hold the resource with', () => {
    const held = state({ permits: 3, holders: { a: LIVE } });
    expect(lookAt(held, me(2), NOW_MS)).toEqual({ kind: 'other-permits', permits: 3 });
  });

  test('may change when nobody holds the resource', () => {
    expect(lookAt(state({ permits: 3 }), me(2), NOW_MS)).toEqual(FREE);
    const holders = { a: OVER };
    expect(lookAt(state({ permits: 3, holders }), me(2), NOW_MS)).toMatchObject({ kind: 'free' });
  });
});

describe('the queue', () => {
  const queue = { third: 12, first: 3, second: 11 };
  const at = (owner: string, nowMs: number, changes: Partial<LockState> = {}) =>
    lookAt(state({ queue, ...changes }), { owner, permits: changes.permits ?? 1 }, nowMs);

  test('is served in the order of tickets', () => {
    expect(at('first', NOW_MS)).toEqual(FREE);
    expect(at('second', NOW_MS)).toMatchObject({ kind: 'busy', ahead: 1, hasTicket: true });
    expect(at('third', NOW_MS)).toMatchObject({ kind: 'busy', ahead: 2, hasTicket: true });
  });

  test('comes before whoever has no ticket', () => {
    expect(at('me', NOW_MS)).toMatchObject({ kind: 'busy', ahead: 3, hasTicket: false });
  });

  test('lets as many go on as places are free', () => {
    const changes = { permits: 3, holders: { a: LIVE } };
    expect(at('second', NOW_MS, changes)).toEqual(FREE);
    expect(at('third', NOW_MS, changes)).toMatchObject({ kind: 'busy', ahead: 2 });
  });

  test('lets the next one pass a turn after the place became free, and takes out those who missed theirs', () => {
    expect(at('second', NOW_MS + TURN_MS - 1)).toMatchObject({ kind: 'busy' });
    expect(at('second', NOW_MS + TURN_MS)).toEqual({ ...FREE, passed: ['first'] });
    expect(at('third', NOW_MS + 2 * TURN_MS - 1)).toMatchObject({ kind: 'busy' });
    expect(at('third', NOW_MS + 2 * TURN_MS)).toEqual({ ...FREE, passed: ['first', 'second'] });
    expect(at('me', NOW_MS + 3 * TURN_MS)).toEqual({ ...FREE, passed: ['first', 'second', 'third'] });
  });

  test('counts the turn from the end of a lease, where it was that which freed the place', () => {
    const changes = { freedAtMs: 0, holders: { a: OVER } };
    expect(at('second', NOW_MS + TURN_MS - 1, changes)).toMatchObject({ kind: 'busy' });
    expect(at('second', NOW_MS + TURN_MS, changes)).toMatchObject({ kind: 'free', passed: ['first'] });
  });

  test('takes no more out than had a place to take', () => {
    const changes = { permits: 3, holders: { a: { fencingToken: 1, leaseEndsAtMs: NOW_MS + 60_000 } } };
    // Two places for three: whoever is third passes one, and the other keeps its place in line.
    expect(at('third', NOW_MS + TURN_MS, changes)).toEqual({ ...FREE, passed: ['first'] });
  });
});

describe('the fencing number', () => {
  test('is higher than the last, and not below the clock', () => {
    expect(nextFencingToken(undefined, 1000.7)).toBe(1000);
    expect(nextFencingToken(400, 1000)).toBe(1000);
    expect(nextFencingToken(1000, 1000)).toBe(1001);
    expect(nextFencingToken(2000, 1000)).toBe(2001);
  });
});
