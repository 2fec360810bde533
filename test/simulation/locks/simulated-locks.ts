import { type LockState, type LockStore, MemoryLockStore } from '../../../lib/locks/index.ts';

/** The table: the library's own store in memory, which the contract suite holds against DynamoDB, and a TTL. */
export class SimulatedLocks implements LockStore {
  /** One for each record, so that a record can be deleted. */
  readonly #stores = new Map<string, MemoryLockStore>();

  /** The records as they are, for whoever watches: not a request. */
  async states(): Promise<readonly LockState[]> {
    const all = await Promise.all([...this.#stores].map(([id, store]) => store.read(id)));
    return all.filter((state) => state !== undefined);
  }

  delete(id: string): void {
    this.#stores.delete(id);
  }

  #of(id: string): MemoryLockStore {
    const found = this.#stores.get(id);
    if (found !== undefined) return found;
    const made = new MemoryLockStore();
    this.#stores.set(id, made);
    return made;
  }

  readonly read: LockStore['read'] = (id) => this.#of(id).read(id);
  readonly take: LockStore['take'] = (taking) => this.#of(taking.id).take(taking);
  readonly enqueue: LockStore['enqueue'] = (id, ...rest) => this.#of(id).enqueue(id, ...rest);
  readonly leaveQueue: LockStore['leaveQueue'] = (id, owner) => this.#of(id).leaveQueue(id, owner);
  readonly renew: LockStore['renew'] = (id, ...rest) => this.#of(id).renew(id, ...rest);
  readonly release: LockStore['release'] = (id, ...rest) => this.#of(id).release(id, ...rest);
}
