import { StoreError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';

const named = { id: 'orders#3f9ac0de', attempt: 1 };
/** What a store or a function of the user's own may say in an error: anything. */
export const QUOTED_KEY = 'order-4711';

/** As the SDK names an error; its message quotes what nobody may see. */
export function errorNamed(name: string): Error {
  return Object.assign(new Error(`refused ${QUOTED_KEY}`), { name });
}

export const throttled = () =>
  new StoreError(`no ${QUOTED_KEY}`, { cause: errorNamed('ProvisionedThroughputExceededException') });

/** An event of each type. */
export const EVERY_EVENT: {
  readonly [T in IdempotencyEvent['type']]: Extract<IdempotencyEvent, { type: T }>;
} = {
  acquired: { type: 'acquired', ...named, leaseEndsAtMs: 1_800_000_000_000 },
  replayed: { type: 'replayed', id: named.id, from: 'store' },
  'in-progress': { type: 'in-progress', id: named.id, retryAfterMs: 1500 },
  waited: { type: 'waited', id: named.id, waitedMs: 120, reads: 2, failedReads: 0 },
  mismatch: { type: 'mismatch', id: named.id, from: 'cache' },
  uncertain: { type: 'uncertain', id: named.id },
  reconciled: { type: 'reconciled', ...named, outcome: 'blocked', error: errorNamed('TypeError') },
  completed: { type: 'completed', ...named },
  released: { type: 'released', ...named },
  suspended: { type: 'suspended', ...named },
  'step-recorded': { type: 'step-recorded', ...named, step: 'charge' },
  'step-skipped': { type: 'step-skipped', ...named, step: 'charge' },
  renewed: { type: 'renewed', ...named, leaseEndsAtMs: 1_800_000_000_000 },
  'lease-lost': { type: 'lease-lost', ...named },
  'in-doubt': { type: 'in-doubt', ...named },
  superseded: { type: 'superseded', ...named },
  'condition-failed': { type: 'condition-failed', ...named, writes: [0] },
  'store-failed': { type: 'store-failed', id: named.id, during: 'complete', error: throttled() },
  unguarded: { type: 'unguarded', reason: 'store-unavailable' },
  'store-call': { type: 'store-call', operation: 'acquire', durationMs: 4.2, failed: false },
};
