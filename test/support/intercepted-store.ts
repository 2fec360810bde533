import type { IdempotencyStore } from '../../lib/stores/idempotency-store.ts';
import { interceptedStore, type StoreOperation } from '../../lib/stores/intercepted-store.ts';
import type { TransactionalStore } from '../../lib/stores/transactional-store.ts';

export { type Interception, interceptedStore } from '../../lib/stores/intercepted-store.ts';

/** `store`, with some operations of one's own. */
export function changedStore(
  store: TransactionalStore,
  changes: Partial<TransactionalStore>,
): TransactionalStore;
export function changedStore(store: IdempotencyStore, changes: Partial<IdempotencyStore>): IdempotencyStore;
export function changedStore(store: IdempotencyStore, changes: Partial<IdempotencyStore>): IdempotencyStore {
  return { ...interceptedStore(store, (_operation, proceed) => proceed()), ...changes };
}

/** As the AWS SDK does: the request is sent, its reply is lost, it is sent again, and the second reply counts. */
export function losingFirstReplyOf(store: IdempotencyStore, lossy: StoreOperation): IdempotencyStore {
  let lost = false;
  return interceptedStore(store, async (operation, proceed) => {
    if (operation === lossy && !lost) {
      lost = true;
      await proceed();
    }
    return proceed();
  });
}
