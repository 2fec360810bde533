import type { LockStore } from '../../lib/locks/lock-store.ts';

export type LockOperation = keyof LockStore;

/** Called with each operation of a store of locks, in order; decides whether and when the real one takes place. */
export type LockInterception = (
  operation: LockOperation,
  proceed: () => Promise<unknown>,
) => Promise<unknown>;

/** A store of locks whose every operation passes through `intercept`. */
export function interceptedLockStore(store: LockStore, intercept: LockInterception): LockStore {
  // The interception hands back what the operation resolved to, which only the caller can know.
  const pass = <T>(operation: LockOperation, call: () => Promise<T>) =>
    intercept(operation, call) as Promise<T>;
  return {
    read: (id) => pass('read', () => store.read(id)),
    take: (taking) => pass('take', () => store.take(taking)),
    enqueue: (id, owner, queueMax) => pass('enqueue', () => store.enqueue(id, owner, queueMax)),
    leaveQueue: (id, owner) => pass('leaveQueue', () => store.leaveQueue(id, owner)),
    renew: (id, owner, leaseEndsAtMs, expiresAtSeconds) =>
      pass('renew', () => store.renew(id, owner, leaseEndsAtMs, expiresAtSeconds)),
    release: (id, owner, freedAtMs) => pass('release', () => store.release(id, owner, freedAtMs)),
  };
}
