import { createStore, get, keys, promisifyRequest } from 'idb-keyval';
import type { OutboxStorage } from './outbox-storage.ts';

const STORE = 'outbox';

/**
 * An outbox in IndexedDB, by idb-keyval. A swap is one read-write transaction, which the browser runs by itself, whichever tabs
 * ask. What it has resolved survives the tab and the browser's end; browsers do not wait for the disk, so that a power cut
 * within the same second may still lose it.
 * @param database - name of the database; it is created where it is missing
 */
export function indexedDbStorage(database = 'lambda-idempotency'): OutboxStorage {
  const store = createStore(database, STORE);
  return {
    ids: () => keys<string>(store),
    read: (id) => get<string>(id, store),
    swap: (id, expected, next) =>
      store('readwrite', async (texts) => {
        const found: string | undefined = await promisifyRequest(texts.get(id));
        if (found !== expected) return found;
        if (next === undefined) texts.delete(id);
        else texts.put(next, id);
        await promisifyRequest(texts.transaction);
        return found;
      }),
  };
}
