/** What the in-memory store says of what only it can be asked; the rest is in the contract that it shares. */
import { describe, expect, test } from '@jest/globals';
import {
  CommitInvalidError,
  ConfigurationError,
  ResultTooLargeError,
} from '../../../lib/idempotency/errors.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';

const NOW_SECONDS = 1_800_000_000;
const completed = {
  id: 'orders#1',
  status: 'COMPLETED',
  owner: 'me',
  attempt: 1,
  fingerprint: 'payload',
  leaseEndsAtMs: NOW_SECONDS * 1000,
  expiresAtSeconds: NOW_SECONDS + 3600,
  result: { kind: 'undefined' },
} as const;

describe('a MemoryStore that was not told what becomes of writes', () => {
  test('refuses them, prepared or not, rather than to seem to have applied them', async () => {
    const store = new MemoryStore();
    expect(() => store.prepareWrites([{}], [])).toThrow(ConfigurationError);
    expect(() => store.prepareWrites([{}], [])).toThrow(/applyWrites/);
    await expect(store.write([{}], 'token')).rejects.toThrow(ConfigurationError);
  });

  test('puts a completed record without any', async () => {
    const store = new MemoryStore();
    expect(await store.putCompleted(completed, NOW_SECONDS, [])).toEqual({ kind: 'applied' });
    expect(await store.read('orders#1')).toEqual(completed);
  });
});

test('what is no data cannot be written', () => {
  const store = new MemoryStore({ applyWrites: () => [] });
  const prepare = () => store.prepareWrites([{ total: () => 12 }], []);
  expect(prepare).toThrow(CommitInvalidError);
  expect(prepare).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/no data/), cause: expect.anything() }),
  );
});

test('writes that were refused may be sent again, with the same token', async () => {
  let stock = 0;
  let taken = 0;
  const store = new MemoryStore({
    applyWrites: () => {
      if (stock === 0) return [0];
      taken += 1;
      return [];
    },
  });
  const writes = store.prepareWrites([{ take: 1 }], []);
  expect(await store.write(writes, 'token')).toMatchObject({ kind: 'condition-failed' });
  stock = 1;
  expect(await store.write(writes, 'token')).toEqual({ kind: 'applied' });
  expect(await store.write(writes, 'token')).toEqual({ kind: 'applied' });
  expect(taken).toBe(1);
});

describe('a lock', () => {
  const lock = {
    id: 'orders#1',
    status: 'INPROGRESS',
    owner: 'me',
    attempt: 1,
    fingerprint: 'payload',
    leaseEndsAtMs: NOW_SECONDS * 1000,
    expiresAtSeconds: NOW_SECONDS + 3600,
  } as const;
  const { id } = lock;

  test('without steps that is taken over has none', async () => {
    const store = new MemoryStore();
    await store.acquire(lock, NOW_SECONDS);
    const next = { ...lock, owner: 'another', attempt: 2 };
    expect(await store.takeOver(next, lock)).toStrictEqual({ applied: true, record: next });
    expect(await store.read(id)).toStrictEqual(next);
  });

  test('takes steps of 400 KB in all, as an item does', async () => {
    const store = new MemoryStore();
    await store.acquire(lock, NOW_SECONDS);
    const ofBytes = (bytes: number) => 'x'.repeat(bytes - 'first'.length);
    const most = 400 * 1024;
    await expect(store.recordStep(lock, 'first', ofBytes(most + 1))).rejects.toThrow(ResultTooLargeError);
    expect(await store.recordStep(lock, 'first', ofBytes(most))).toEqual({ applied: true });
    await expect(store.recordStep(lock, 'n', '')).rejects.toThrow(ResultTooLargeError);
  });
});
