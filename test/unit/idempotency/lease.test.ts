import { beforeEach, describe, expect, test } from '@jest/globals';
import type { IdempotencyContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { lambdaContext } from '../../support/events.ts';

const NOW_MS = 1_800_000_000_000;
const LEASE_MS = 40_000;
const SKEW_MS = 300;

describe('the lease ends', () => {
  let seen: IdempotencyContext | undefined;

  beforeEach(() => {
    seen = undefined;
  });

  async function leaseIn(context: unknown): Promise<number> {
    const job = idempotent(
      async (_event: object, { idempotency }: { idempotency: IdempotencyContext }) => {
        seen = idempotency;
      },
      {
        store: new MemoryStore(),
        key: () => 'k1',
        now: () => NOW_MS,
        leaseMs: LEASE_MS,
        clockSkewMs: SKEW_MS,
      },
    );
    // What a caller without types, or outside Lambda, can hand over.
    await job({}, context as { idempotency: IdempotencyContext });
    expect(seen?.guarded).toBe(true);
    return (seen?.leaseEndsAtMs ?? Number.NaN) - NOW_MS;
  }

  const withRemaining = (remainingMs: number) => ({
    ...lambdaContext(),
    getRemainingTimeInMillis: () => remainingMs,
  });

  test('with the invocation, and a margin for clocks that differ', async () => {
    expect(await leaseIn(withRemaining(3000))).toBe(3000 + SKEW_MS);
  });

  test('on a whole millisecond, and not before the invocation does', async () => {
    expect(await leaseIn(withRemaining(2999.5))).toBe(3000 + SKEW_MS);
  });

  test('at once, where the invocation has already overrun its deadline: nothing runs under it', async () => {
    await expect(leaseIn(withRemaining(-500))).rejects.toThrow(/lease was about to end/);
    await expect(leaseIn(withRemaining(0))).rejects.toThrow(/lease was about to end/);
    expect(await leaseIn(withRemaining(1))).toBe(1 + SKEW_MS);
  });

  test.each([
    ['there is no context', undefined],
    ['the context is not Lambda’s', {}],
    ['the context does not know', withRemaining(Number.NaN)],
  ])('after `leaseMs` and the margin, where %s', async (_, context) => {
    expect(await leaseIn(context)).toBe(LEASE_MS + SKEW_MS);
  });
});
