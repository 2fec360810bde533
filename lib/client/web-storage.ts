import type { OutboxStorage } from './outbox-storage.ts';
import { webLockManager } from './web-locks.ts';

/** The part of the DOM's `Storage` that is needed, so that anything of its shape will do. */
export interface StorageLike {
  readonly length: number;
  /** The name at this place, from 0. */
  key(index: number): string | null;
  /** The text of this name. */
  getItem(name: string): string | null;
  /** Throws where there is no room. */
  setItem(name: string, value: string): void;
  /** Does nothing where there is none. */
  removeItem(name: string): void;
}

/** In front of the names of all that is ours; the rest of the storage belongs to others. */
const PREFIX = 'lambda-idempotency:';

/**
 * An outbox in `localStorage`, or whatever has its shape. Web Locks (all browsers, in secure contexts) make each call one
 * step across tabs; but a browser may keep a copy in each process, so that another tab sees a change a moment later (no
 * specification says when). Two tabs that begin the same operation within that moment may make two keys, and two that
 * resume one may send it twice, with one key.
 * `indexedDbStorage` has no such gap, and more room than the 5 MB of this one.
 */
export function webStorage(storage: StorageLike): OutboxStorage {
  return {
    ids: async () => {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
      return names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
    },
    read: async (id) => storage.getItem(PREFIX + id) ?? undefined,
    swap: async (id, expected, next) => {
      const swap = () => {
        const found = storage.getItem(PREFIX + id) ?? undefined;
        if (found !== expected) return found;
        if (next === undefined) storage.removeItem(PREFIX + id);
        else storage.setItem(PREFIX + id, next);
        return found;
      };
      const locks = webLockManager();
      return locks === undefined ? swap() : locks.request(`${PREFIX}swap`, async () => swap());
    },
  };
}
