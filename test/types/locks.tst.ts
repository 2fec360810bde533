import { describe, expect, test } from 'tstyche';
import {
  createLocks,
  type Grant,
  type LeaseLostError,
  type Lock,
  type LockNotAcquiredError,
  type LockStore,
  type LocksOptions,
  MemoryLockStore,
  type PermitsMismatchError,
  type WaitOptions,
} from '../../lib/locks/index.ts';

const locks = createLocks({ store: new MemoryLockStore() });

describe('locks', () => {
  test('a mutex takes no number of permits, a semaphore needs one', () => {
    expect(locks.mutex('x')).type.toBe<Lock>();
    expect(locks.semaphore('x', 3, { leaseMs: 5000 })).type.toBe<Lock>();
    expect(locks.semaphore).type.not.toBeCallableWith('x');
    expect(locks.mutex).type.not.toBeCallableWith('x', 3);
  });

  test('use and withLock give what the work gives', () => {
    expect(locks.mutex('x').use(async () => 5)).type.toBe<Promise<number>>();
    expect(locks.withLock('x', ({ fencingToken }) => String(fencingToken))).type.toBe<Promise<string>>();
    expect(locks.withLock).type.not.toBeCallableWith('x');
  });

  test('a try may come to nothing, a wait may not', () => {
    expect(locks.mutex('x').tryAcquire()).type.toBe<Promise<Grant | undefined>>();
    expect(locks.mutex('x').acquire({ waitMs: 5 })).type.toBe<Promise<Grant>>();
    expect(locks.mutex('x').tryAcquire).type.not.toBeCallableWith({ waitMs: 5 });
  });

  test('a grant can be read and not changed', () => {
    expect<Grant['fencingToken']>().type.toBe<number>();
    expect<Grant['signal']>().type.toBe<AbortSignal>();
    expect<Grant>().type.not.toBeAssignableFrom<{ fencingToken: number }>();
  });

  test('options are those that there are', () => {
    expect(createLocks).type.toBeCallableWith({ tableName: 't', namespace: 'n', leaseMs: 5000 });
    expect(createLocks).type.not.toBeCallableWith({ table: 't' });
    expect<LocksOptions['store']>().type.toBe<LockStore | undefined>();
    expect<WaitOptions['signal']>().type.toBe<AbortSignal | undefined>();
  });

  test('errors are told apart by their code', () => {
    expect<LockNotAcquiredError['code']>().type.toBe<'LOCK_NOT_ACQUIRED'>();
    expect<LeaseLostError['code']>().type.toBe<'LEASE_LOST'>();
    expect<PermitsMismatchError['code']>().type.toBe<'PERMITS_MISMATCH'>();
  });
});
