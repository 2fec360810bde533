import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { isTransactional, type TransactionalStore } from '../stores/transactional-store.ts';
import type { IdempotencyEventListener, StoreOperation } from './events.ts';

/**
 * `store`, telling of each call how long it took, on a clock that does not jump. A store of one's own, and the client's
 * tries again, are inside of the time; what the handler does is not.
 */
export function timedStore(store: IdempotencyStore, notify: IdempotencyEventListener): IdempotencyStore {
  async function timed<T>(operation: StoreOperation, call: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    let failed = true;
    try {
      const outcome = await call();
      failed = false;
      return outcome;
    } finally {
      notify({ type: 'store-call', operation, durationMs: performance.now() - startedMs, failed });
    }
  }

  const timedMethods: IdempotencyStore = {
    maxResultBytes: store.maxResultBytes,
    ...(store.promises === undefined ? {} : { promises: store.promises }),
    acquire: (record, nowSeconds) => timed('acquire', () => store.acquire(record, nowSeconds)),
    takeOver: (record, lapsed) => timed('takeOver', () => store.takeOver(record, lapsed)),
    renew: (lease, nextLeaseEndsAtMs) => timed('renew', () => store.renew(lease, nextLeaseEndsAtMs)),
    recordStep: (ownership, name, json) => timed('recordStep', () => store.recordStep(ownership, name, json)),
    complete: (ownership, completion) => timed('complete', () => store.complete(ownership, completion)),
    release: (ownership) => timed('release', () => store.release(ownership)),
    read: (id) => timed('read', () => store.read(id)),
  };
  if (!isTransactional(store)) return timedMethods;
  const transactional: TransactionalStore = {
    ...timedMethods,
    prepareWrites: (writes, earlier) => store.prepareWrites(writes, earlier),
    completeWith: (ownership, completion, writes) =>
      timed('completeWith', () => store.completeWith(ownership, completion, writes)),
    putCompleted: (record, nowSeconds, writes) =>
      timed('putCompleted', () => store.putCompleted(record, nowSeconds, writes)),
    write: (writes, token) => timed('write', () => store.write(writes, token)),
  };
  return transactional;
}
