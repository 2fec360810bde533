import type { IdempotencyRecord, TransactionalStore } from '../../lib/index.ts';
import { MemoryStore } from '../../lib/index.ts';

/** A row of the handler's own, left to `commit`. It is there for a key as often as the write was applied. */
export interface Row {
  readonly Put: { readonly TableName: 'rows'; readonly Item: { readonly key: string } };
}

export function rowOf(key: string): Row {
  return { Put: { TableName: 'rows', Item: { key } } };
}

/**
 * One table for all invocations of a schedule. A record is in a `MemoryStore` of its own (held to DynamoDB's
 * behaviour by the contract suite), so that TTL can delete it: no operation of the port would.
 */
export class SimulatedTable implements TransactionalStore {
  readonly maxResultBytes = new MemoryStore().maxResultBytes;
  readonly #stores = new Map<string, MemoryStore>();
  readonly #records = new Map<string, IdempotencyRecord>();
  readonly #withoutRecord = this.#newStore();
  /** Told of each row that is written. */
  onRow: (key: string) => void = () => {};

  acquire: TransactionalStore['acquire'] = (record, nowSeconds) =>
    this.#with(record.id, (store) => store.acquire(record, nowSeconds));
  takeOver: TransactionalStore['takeOver'] = (record, lapsed) =>
    this.#with(record.id, (store) => store.takeOver(record, lapsed));
  renew: TransactionalStore['renew'] = (lease, nextLeaseEndsAtMs) =>
    this.#with(lease.id, (store) => store.renew(lease, nextLeaseEndsAtMs));
  recordStep: TransactionalStore['recordStep'] = (ownership, name, json) =>
    this.#with(ownership.id, (store) => store.recordStep(ownership, name, json));
  complete: TransactionalStore['complete'] = (ownership, completion) =>
    this.#with(ownership.id, (store) => store.complete(ownership, completion));
  release: TransactionalStore['release'] = (ownership) =>
    this.#with(ownership.id, (store) => store.release(ownership));
  read: TransactionalStore['read'] = async (id) => this.#records.get(id);
  prepareWrites: TransactionalStore['prepareWrites'] = (writes, earlier) =>
    this.#withoutRecord.prepareWrites(writes, earlier);
  completeWith: TransactionalStore['completeWith'] = (ownership, completion, writes) =>
    this.#with(ownership.id, (store) => store.completeWith(ownership, completion, writes));
  putCompleted: TransactionalStore['putCompleted'] = (record, nowSeconds, writes) =>
    this.#with(record.id, (store) => store.putCompleted(record, nowSeconds, writes));
  write: TransactionalStore['write'] = (writes, token) => this.#withoutRecord.write(writes, token);

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
      store = this.#newStore();
      this.#stores.set(id, store);
    }
    const outcome = await operate(store);
    const record = await store.read(id);
    if (record === undefined) this.#records.delete(id);
    else this.#records.set(id, record);
    return outcome;
  }

  #newStore(): MemoryStore {
    return new MemoryStore({
      applyWrites: (writes) => {
        for (const { Put } of writes as readonly Row[]) this.onRow(Put.Item.key);
        return [];
      },
    });
  }
}
