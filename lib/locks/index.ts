/** Entry of `lambda-idempotency/locks`: mutexes and semaphores, for many callers and one thing. */

export { DynamoDbLockStore, type DynamoDbLockStoreOptions } from './dynamodb-lock-store.ts';
export { LeaseLostError, LockNotAcquiredError, PermitsMismatchError } from './errors.ts';
export type { LockEvent, LockEventListener } from './events.ts';
export type { Grant } from './grant.ts';
export type { Lock } from './lock.ts';
export type { Holder, LockState } from './lock-state.ts';
export type { LockStore, LockWrite, Taking } from './lock-store.ts';
export { createLocks, type Locks } from './locks.ts';
export { MemoryLockStore } from './memory-lock-store.ts';
export { LOCK_DEFAULTS, type LockOptions, type LocksOptions, type WaitOptions } from './options.ts';
