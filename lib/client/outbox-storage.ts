/**
 * Where an outbox lies: texts by their ids. Three calls, so that a new storage is a page of code; `swap` is the one that
 * matters, since it decides which of two tabs or processes made the key.
 */
export interface OutboxStorage {
  /** The ids of all that is kept, leases included. */
  ids(): Promise<readonly string[]>;
  /** The text under `id`, or `undefined` where there is none. */
  read(id: string): Promise<string | undefined>;
  /**
   * Replaces `expected` by `next`, in one step that nobody can come between; `undefined` stands for nothing there. Does nothing
   * if something else is there. Resolves to what was there before, once the change can no longer be lost with the page or
   * process.
   */
  swap(id: string, expected: string | undefined, next: string | undefined): Promise<string | undefined>;
}

/** Lasts as long as the page or process: a new try of an operation finds its key, a reload does not. */
export function memoryStorage(): OutboxStorage {
  const texts = new Map<string, string>();
  return {
    ids: async () => [...texts.keys()],
    read: async (id) => texts.get(id),
    swap: async (id, expected, next) => {
      const found = texts.get(id);
      if (found !== expected) return found;
      if (next === undefined) texts.delete(id);
      else texts.set(id, next);
      return found;
    },
  };
}
