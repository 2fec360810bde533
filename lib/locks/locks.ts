import type { Grant } from './grant.ts';
import { createLock, type Lock } from './lock.ts';
import { lockId } from './lock-id.ts';
import {
  checkResource,
  type LockOptions,
  type LocksOptions,
  resolveLockOptions,
  resolveLocksOptions,
  type WaitOptions,
} from './options.ts';

/** Mutexes and semaphores on one table, made by `createLocks`. */
export interface Locks {
  /** One holder at a time. The same as a semaphore of one permit: the two exclude each other. */
  mutex(resource: string, options?: LockOptions): Lock;
  /**
   * Up to `permits` holders at a time (1 to 100). All who use a resource must name the same number; while somebody holds a
   * place under another one, `PermitsMismatchError` is thrown.
   */
  semaphore(resource: string, permits: number, options?: LockOptions): Lock;
  /** Runs `work` under the mutex of `resource`; see {@link Lock.use}. */
  withLock<T>(
    resource: string,
    work: (grant: Grant) => T | Promise<T>,
    options?: LockOptions & WaitOptions,
  ): Promise<T>;
}

/**
 * Locks for many callers and one thing, where an idempotency key is for one caller and many sends. They lie in a DynamoDB
 * table, beside the idempotency records or in one of their own.
 *
 * A lock on DynamoDB, as any lock with a lease, is not enough by itself where an error costs money: a holder that is
 * frozen for longer than its lease does not know it. Let the resource compare `grant.fencingToken`.
 * @throws ConfigurationError on an unknown option, a wrong value, or no table
 */
export function createLocks(options: LocksOptions = {}): Locks {
  const settings = resolveLocksOptions(options);

  function semaphore(resource: string, permits: number, lockOptions: LockOptions = {}): Lock {
    checkResource(resource, permits);
    const { leaseMs } = resolveLockOptions(lockOptions, settings);
    return createLock(settings, { id: lockId(settings.namespace, resource), permits, leaseMs });
  }

  const mutex = (resource: string, lockOptions?: LockOptions) => semaphore(resource, 1, lockOptions);

  return {
    mutex,
    semaphore,
    withLock(resource, work, { leaseMs, ...waitOptions } = {}) {
      return mutex(resource, leaseMs === undefined ? {} : { leaseMs }).use(work, waitOptions);
    },
  };
}
