import type { OnInProgress } from '../../lib/index.ts';
import { CLOCK_SKEW_MS } from './guard.ts';
import type { Mutant } from './mutants.ts';
import { type Bounds, type Front, type WhenUncertain, WORKS, type Work } from './world.ts';

/** Units of which no schedule sells so many. */
const PLENTY = 1_000;

/** Worlds for random schedules: everything may go wrong, a few times each. */
export const WIDE_WORLD: Bounds = {
  sends: [1, 2, 3, 4, 5],
  keys: 2,
  payloads: 2,
  crashes: 2,
  faults: 3,
  waits: 4,
  failures: true,
  zombies: true,
  contention: true,
  tries: 2,
  clockSkewMs: CLOCK_SKEW_MS,
  fronts: ['wrapper with key', 'wrapper, HTTP', 'middleware', 'middleware, Middy 7', 'beside Powertools'],
  works: WORKS,
  stores: ['port', 'DynamoDB', 'DynamoDB, long answers', 'Valkey'],
  stock: [PLENTY, 1],
  restocks: 1,
  onUncertain: ['retry', 'block', 'find out'],
  renewedLeaseMs: ['none', 1_500],
  // The shorter one is over before the lease is: a record must outlive its lease all the same.
  retentionSeconds: [60, 1],
  expiry: true,
  onInProgress: ['reject', { waitMs: 2_000 }],
  cache: [false, true],
  chances: [0.5, 0, 0.999],
};

/** What goes together with `front`: Powertools offers less. */
export function within(bounds: Bounds, front: Front): Bounds {
  if (front !== 'beside Powertools') return bounds;
  return {
    ...bounds,
    works: ['effect'],
    stores: ['DynamoDB'],
    onUncertain: bounds.onUncertain.filter((choice) => choice !== 'find out'),
    renewedLeaseMs: ['none'],
    onInProgress: ['reject'],
    cache: [false],
  };
}

/** Where a mutant shows: anywhere, or only where doubt is met in a certain way. There are too few such corners to wait for one. */
export function worldFor(mutant: Mutant | undefined): Bounds {
  if (mutant?.onUncertain === undefined) return WIDE_WORLD;
  return {
    ...WIDE_WORLD,
    fronts: WIDE_WORLD.fronts.filter((front) => front !== 'beside Powertools'),
    works: ['effect'],
    onUncertain: [mutant.onUncertain],
  };
}

/** Small enough for every schedule there is: attempts that meet, with crashes and lost replies among them. */
export function smallWorld(
  sends: number,
  crashes: number,
  faults: number,
  onUncertain: WhenUncertain,
  work: Work = 'effect',
  onInProgress: OnInProgress = 'reject',
): Bounds {
  return {
    sends: [sends],
    keys: 1,
    payloads: 1,
    crashes,
    faults,
    waits: 1,
    failures: false,
    zombies: false,
    contention: false,
    tries: 2,
    clockSkewMs: 0,
    fronts: ['wrapper with key'],
    works: [work],
    stores: ['port'],
    stock: [PLENTY],
    restocks: 0,
    onUncertain: [onUncertain],
    renewedLeaseMs: ['none'],
    retentionSeconds: [60],
    expiry: false,
    onInProgress: [onInProgress],
    // What a cache holds is no part of the state by which schedules are known to meet.
    cache: [false],
    chances: [0.999],
  };
}
