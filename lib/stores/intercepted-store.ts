import type { IdempotencyStore } from './idempotency-store.ts';
import { isTransactional, type TransactionalStore } from './transactional-store.ts';

/** A method of the port that sends something. */
export type StoreOperation =
  | 'acquire'
  | 'takeOver'
  | 'renew'
  | 'recordStep'
  | 'complete'
  | 'release'
  | 'read'
  | 'completeWith'
  | 'putCompleted'
  | 'write';

/** Called with each operation of a store, in order; decides whether and when the real one takes place. */
export type Interception = (operation: StoreOperation, proceed: () => Promise<unknown>) => Promise<unknown>;

/** A store whose every operation passes through `intercept`: to time them, to count them, to let something happen in between. */
export function interceptedStore(store: TransactionalStore, intercept: Interception): TransactionalStore;
export function interceptedStore(store: IdempotencyStore, intercept: Interception): IdempotencyStore;
export function interceptedStore(store: IdempotencyStore, intercept: Interception): IdempotencyStore {
  // The interception hands back what the operation resolved to, which only the caller can know.
  const pass = <T>(operation: StoreOperation, call: () => Promise<T>) =>
    intercept(operation, call) as Promise<T>;
  const intercepted: IdempotencyStore = {
    maxResultBytes: store.maxResultBytes,
    ...(store.promises === undefined ? {} : { promises: store.promises }),
    acquire: (record, nowSeconds) => pass('acquire', () => store.acquire(record, nowSeconds)),
    takeOver: (record, lapsed) => pass('takeOver', () => store.takeOver(record, lapsed)),
    renew: (lease, nextLeaseEndsAtMs) => pass('renew', () => store.renew(lease, nextLeaseEndsAtMs)),
    recordStep: (ownership, name, json) => pass('recordStep', () => store.recordStep(ownership, name, json)),
    complete: (ownership, completion) => pass('complete', () => store.complete(ownership, completion)),
    release: (ownership) => pass('release', () => store.release(ownership)),
    read: (id) => pass('read', () => store.read(id)),
  };
  if (!isTransactional(store)) return intercepted;
  const transactional: TransactionalStore = {
    ...intercepted,
    prepareWrites: (writes, earlier) => store.prepareWrites(writes, earlier),
    completeWith: (ownership, completion, writes) =>
      pass('completeWith', () => store.completeWith(ownership, completion, writes)),
    putCompleted: (record, nowSeconds, writes) =>
      pass('putCompleted', () => store.putCompleted(record, nowSeconds, writes)),
    write: (writes, token) => pass('write', () => store.write(writes, token)),
  };
  return transactional;
}
