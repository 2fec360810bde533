import type { IdempotencyRecord, IdempotencyStore } from '../../lib/index.ts';
import { MemoryStore } from '../../lib/index.ts';

/**
 * One table for all invocations of a schedule. A record is in a `MemoryStore` of its own (held to DynamoDB's
 * behaviour by the contract suite), so that TTL can delete it: no operation of the port would.
 */
export class SimulatedTable implements IdempotencyStore {
  readonly maxResultBytes = new MemoryStore().maxResultBytes;
  readonly #stores = new Map<string, MemoryStore>();

  acquire: IdempotencyStore['acquire'] = (record, nowSeconds) =>
    this.#storeOf(record.id).acquire(record, nowSeconds);
  takeOver: IdempotencyStore['takeOver'] = (record, lapsed) =>
    this.#storeOf(record.id).takeOver(record, lapsed);
  renew: IdempotencyStore['renew'] = (lease, nextLeaseEndsAtMs) =>
    this.#storeOf(lease.id).renew(lease, nextLeaseEndsAtMs);
  recordStep: IdempotencyStore['recordStep'] = (ownership, name, json) =>
    this.#storeOf(ownership.id).recordStep(ownership, name, json);
  complete: IdempotencyStore['complete'] = (ownership, completion) =>
    this.#storeOf(ownership.id).complete(ownership, completion);
  release: IdempotencyStore['release'] = (ownership) => this.#storeOf(ownership.id).release(ownership);
  read: IdempotencyStore['read'] = (id) => this.#storeOf(id).read(id);

  async records(): Promise<readonly IdempotencyRecord[]> {
    const found = await Promise.all([...this.#stores].map(([id, store]) => store.read(id)));
    return found.filter((record) => record !== undefined);
  }

  /** As TTL does, whatever the record's state; or as an operator might, by hand. */
  delete(id: string): void {
    this.#stores.delete(id);
  }

  #storeOf(id: string): MemoryStore {
    let store = this.#stores.get(id);
    if (store === undefined) {
      store = new MemoryStore();
      this.#stores.set(id, store);
    }
    return store;
  }
}
