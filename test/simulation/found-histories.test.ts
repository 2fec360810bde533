/** Histories in which the simulation, or the peer's fault harness, has caught this library. Each is a defect that was mended. */
import { expect, test } from '@jest/globals';
import { idempotent, MemoryStore } from '../../lib/index.ts';

const RETENTION_SECONDS = 60;

test('a frozen attempt whose key has begun another life is not answered with the result of that other payload', async () => {
  let nowMs = 1_800_000_000_000;
  let thaw = () => {};
  const frozen = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  const charge = idempotent(
    async ({ payload }: { readonly payload: string }) => {
      if (payload === 'B') await frozen;
      return { chargedFor: payload };
    },
    {
      store: new MemoryStore(),
      key: () => 'k1',
      fingerprint: ({ payload }) => payload,
      retentionSeconds: RETENTION_SECONDS,
      leaseMs: 3_000,
      now: () => nowMs,
      onEvent: () => {},
    },
  );
  const first = charge({ payload: 'B' }, undefined as never); // A container has no Lambda context.
  await Promise.resolve();
  nowMs += 2 * RETENTION_SECONDS * 1000;
  expect(await charge({ payload: 'A' }, undefined as never)).toEqual({ chargedFor: 'A' });
  thaw();
  expect(await first).toEqual({ chargedFor: 'B' });
});
