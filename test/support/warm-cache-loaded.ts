import { WarmCache } from '../../lib/idempotency/warm-cache.ts';
import { until } from './until.ts';

/** Resolves when warm caches that are made from now on keep what they are told at once. */
export async function warmCacheLoaded(): Promise<void> {
  const cache = new WarmCache({ maxEntries: 1, maxBytes: 10_000 }, { now: () => 0, clockSkewMs: 0 });
  const record = {
    id: 'x',
    status: 'COMPLETED',
    expiresAtSeconds: 1,
    leaseEndsAtMs: 1,
    owner: 'x',
    attempt: 1,
    fingerprint: 'x',
  } as const;
  cache.remember(record);
  await until('the package of the cache is loaded', () => cache.recall(record) !== undefined);
}
