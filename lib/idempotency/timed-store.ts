import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { interceptedStore } from '../stores/intercepted-store.ts';
import type { IdempotencyEventListener } from './events.ts';

/**
 * `store`, telling of each call how long it took, on a clock that does not jump. A store of one's own, and the client's
 * tries again, are inside of the time; what the handler does is not.
 */
export function timedStore(store: IdempotencyStore, notify: IdempotencyEventListener): IdempotencyStore {
  return interceptedStore(store, async (operation, proceed) => {
    const startedMs = performance.now();
    let failed = true;
    try {
      const outcome = await proceed();
      failed = false;
      return outcome;
    } finally {
      notify({ type: 'store-call', operation, durationMs: performance.now() - startedMs, failed });
    }
  });
}
