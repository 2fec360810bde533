/** Histories in which the simulation, or the peer's fault harness, has caught this library. Each is a defect that was mended. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  type IdempotentContext,
  idempotent,
  MemoryStore,
  StoreError,
  SupersededError,
} from '../../lib/index.ts';
import { CountedRows } from '../support/counted-rows.ts';
import { interceptedStore } from '../support/intercepted-store.ts';

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

describe('whose commit was refused when it was sent again, while the first one was still on its way', () => {
  const rows = () => tables.puts.get('seat 1') ?? 0;
  let tables: CountedRows;
  let events: string[];
  let arrive: () => Promise<unknown>;
  beforeEach(() => {
    tables = new CountedRows();
    events = [];
  });

  /** `beforeCompletion` happens when the handler's word for "taken" is about to be recorded. */
  function booking(beforeCompletion: (complete: () => Promise<unknown>) => Promise<unknown>) {
    const store = interceptedStore(tables.store, async (operation, proceed) => {
      if (operation === 'complete') return beforeCompletion(proceed);
      if (operation !== 'completeWith') return proceed();
      arrive = proceed;
      return { kind: 'condition-failed', failed: [{ index: 0, code: 'ConditionalCheckFailed' }] };
    });
    const book = idempotent(
      async (_order: object, { idempotency: { commit } }: IdempotentContext) => {
        commit([tables.put('seat 1')], { onConditionFailed: () => ({ booked: false }) });
        return { booked: true };
      },
      { store, key: () => 'k1', leaseMs: 3_000, onEvent: ({ type }) => events.push(type) },
    );
    return () => book({}, undefined as never);
  }

  test('is not told that it was refused if that one was applied', async () => {
    const book = booking(async (complete) => {
      await arrive(); // The seat has become free meanwhile.
      return complete();
    });
    expect(await book()).toEqual({ booked: true });
    expect(await book()).toEqual({ booked: true });
    expect(rows()).toBe(1);
    expect(events).toEqual(['acquired', 'condition-failed', 'completed', 'replayed']);
  });

  test('is not told that it was refused if that cannot be recorded, and that one can do nothing any more', async () => {
    const book = booking(async () => {
      throw new StoreError('No reply.');
    });
    await expect(book()).rejects.toThrow('No reply.');
    await arrive();
    expect(rows()).toBe(0);
    expect(events).toEqual(['acquired', 'condition-failed', 'store-failed', 'released']);
  });

  test('is told what that one says if it comes while the key is given back', async () => {
    const book = booking(async () => {
      await arrive();
      throw new StoreError('No reply.');
    });
    expect(await book()).toEqual({ booked: true });
    expect(rows()).toBe(1);
    expect(events).toEqual(['acquired', 'condition-failed', 'completed']);
  });

  test('is not told that it was refused if its record is gone', async () => {
    const book = booking(async () => ({ applied: false, current: undefined }));
    await expect(book()).rejects.toThrow(SupersededError);
    expect(events).toEqual(['acquired', 'condition-failed', 'superseded']);
  });
});
