import { afterEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { createLocks, LOCK_DEFAULTS, MemoryLockStore } from '../../../lib/locks/index.ts';

const store = new MemoryLockStore();
const locks = createLocks({ store });
/** Options as JavaScript may give them. */
const given = (options: object) => () => createLocks(options as never);

afterEach(() => {
  delete process.env['IDEMPOTENCY_TABLE'];
});

describe('createLocks', () => {
  test('needs a table, from its options or from the environment', () => {
    expect(given({})).toThrow(/IDEMPOTENCY_TABLE/);
    process.env['IDEMPOTENCY_TABLE'] = 'idempotency';
    expect(given({})).not.toThrow();
  });

  test.each([
    [{ store, leaseMS: 1 }, /Unknown option "leaseMS"/],
    [{ store, tableName: 't' }, /"store" and "tableName"/],
    [{ store: {} }, /"store" must be a LockStore/],
    [{ store, namespace: 'a#b' }, /"namespace" must be/],
    [{ store, namespace: '' }, /"namespace" must be/],
    [{ store, leaseMs: 999 }, /"leaseMs" must be a whole number from 1000 to 86400000/],
    [{ store, leaseMs: 86_400_001 }, /"leaseMs" must be/],
    [{ store, leaseMs: '5000' }, /"leaseMs" must be/],
    [{ store, clockSkewMs: -1 }, /"clockSkewMs" must be/],
    [{ store, now: 5 }, /"now" must be a function/],
  ])('refuses %j', (options, message) => {
    expect(given(options)).toThrow(ConfigurationError);
    expect(given(options)).toThrow(message);
  });

  test('has defaults that nobody can change', () => {
    expect(Object.isFrozen(LOCK_DEFAULTS)).toBe(true);
    expect(LOCK_DEFAULTS).toEqual({
      namespace: 'default',
      leaseMs: 10_000,
      clockSkewMs: 1000,
      waitMs: 10_000,
    });
  });
});

describe('a lock', () => {
  test('needs a name and a number of permits', () => {
    expect(() => locks.mutex('')).toThrow(ConfigurationError);
    expect(() => locks.mutex(5 as never)).toThrow(/name of a resource/);
    for (const permits of [0, 1.5, 101, Number.NaN]) {
      expect(() => locks.semaphore('x', permits)).toThrow(/from 1 to 100/);
    }
  });

  test('refuses options that it does not know', async () => {
    expect(() => locks.mutex('x', { lease: 1 } as never)).toThrow(/Unknown option "lease"/);
    await expect(locks.mutex('x').acquire({ wait: 1 } as never)).rejects.toThrow(/Unknown option "wait"/);
    await expect(locks.mutex('x').acquire({ waitMs: 900_001 })).rejects.toThrow(/"waitMs" must be/);
    await expect(locks.mutex('x').use(() => 1, { signal: {} } as never)).rejects.toThrow(/"signal" must be/);
    await expect(locks.withLock('x', () => 1, { waitMS: 1 } as never)).rejects.toThrow(/"waitMS"/);
  });

  test('has an id that says its namespace, and not the name of the resource', () => {
    expect(locks.mutex('alice@example.com').id).toMatch(/^lock:default:[\w-]{43}$/);
    expect(locks.mutex('a').id).toBe(locks.semaphore('a', 3).id);
    const ids = ['a', 'b', 'a\ud800', 'a\ud801', 'A', ' a'].map((name) => locks.mutex(name).id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
