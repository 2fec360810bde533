import type { IdempotencyRecord, IdempotencyStore } from '../../lib/index.ts';
import { MemoryStore } from '../../lib/index.ts';

/**
 * One table for all invocations of a schedule. A record is in a `MemoryStore` of its own (held to DynamoDB's
 * behaviour by the contract suite), so that TTL can delete it: no operation of the port would.
 */
export class SimulatedTable implements IdempotencyStore {
  readonly maxResultBytes = new MemoryStore().maxResultBytes;
  readonly #stores = new Map<string, MemoryStore>();
  readonly #records = new Map<string, IdempotencyRecord>();

  acquire: IdempotencyStore['acquire'] = (record, nowSeconds) =>
    this.#with(record.id, (store) => store.acquire(record, nowSeconds));
  takeOver: IdempotencyStore['takeOver'] = (record, lapsed) =>
    this.#with(record.id, (store) => store.takeOver(record, lapsed));
  renew: IdempotencyStore['renew'] = (lease, nextLeaseEndsAtMs) =>
    this.#with(lease.id, (store) => store.renew(lease, nextLeaseEndsAtMs));
  recordStep: IdempotencyStore['recordStep'] = (ownership, name, json) =>
    this.#with(ownership.id, (store) => store.recordStep(ownership, name, json));
  complete: IdempotencyStore['complete'] = (ownership, completion) =>
    this.#with(ownership.id, (store) => store.complete(ownership, completion));
  release: IdempotencyStore['release'] = (ownership) =>
    this.#with(ownership.id, (store) => store.release(ownership));
  read: IdempotencyStore['read'] = async (id) => this.#records.get(id);

  get records(): readonly IdempotencyRecord[] {
    return [...this.#records.values()];
  }

  record(id: string): IdempotencyRecord | undefined {
    return this.#records.get(id);
  }

  /** As TTL does; or as an operator might, by hand. */
  delete(id: string): void {
    this.#stores.delete(id);
    this.#records.delete(id);
  }

  /** What is kept beside the stores spares the checker, which looks before and after every step, from waiting. */
  async #with<T>(id: string, operate: (store: MemoryStore) => Promise<T>): Promise<T> {
    let store = this.#stores.get(id);
    if (store === undefined) {
      store = new MemoryStore();
      this.#stores.set(id, store);
    }
    const outcome = await operate(store);
    const record = await store.read(id);
    if (record === undefined) this.#records.delete(id);
    else this.#records.set(id, record);
    return outcome;
  }
}
