import type { IdempotencyRecord, TransactionalStore } from '../../lib/index.ts';
import { MemoryStore } from '../../lib/index.ts';
import { interceptedStore } from '../support/intercepted-store.ts';
import { describeReply } from './described-reply.ts';
import type { Sender } from './invocation.ts';
import { exchange } from './network.ts';
import { type purchase, ROWS_TABLE, type SimulatedTable } from './simulated-table.ts';
import { byCallersClocks, type TableClocks } from './table-clocks.ts';
import type { StoreOperation, World } from './world.ts';

type Write = ReturnType<typeof purchase>[number];

/**
 * The port itself, each operation of it one step. A record is in a `MemoryStore` of its own (held to DynamoDB's
 * behaviour by the contract suite), so that TTL can delete it: no operation of the port would.
 */
export class MemoryTable implements SimulatedTable {
  readonly #stores = new Map<string, MemoryStore>();
  readonly #records = new Map<string, IdempotencyRecord>();
  readonly #withoutRecord = this.#newStore();
  /** Without a network in between. */
  readonly store = this.#transactionalStore();
  left: number;
  onRow: (key: string) => void = () => {};

  readonly clocks: TableClocks;

  constructor(left: number, clockSkewMs: number) {
    this.left = left;
    this.clocks = byCallersClocks(clockSkewMs);
  }

  connect(world: World, sender: Sender): TransactionalStore {
    const broken = world.mutant?.store?.(this.store, sender, world) ?? this.store;
    return interceptedStore(broken, async (operation, proceed) => {
      const reply = await exchange(world, sender, {
        operation,
        label: operation,
        isTransaction: TRANSACTIONS.has(operation),
        proceed,
        conflict: () => ({ kind: 'contended', cause: new Error('Another transaction is at it.') }),
      });
      sender.learn(reply);
      sender.note(() => `  reply: ${describeReply(reply, world.scheduler.nowMs)}`);
      return reply;
    });
  }

  get records(): readonly IdempotencyRecord[] {
    return [...this.#records.values()];
  }

  get expirables(): readonly IdempotencyRecord[] {
    return this.records;
  }

  record(id: string): IdempotencyRecord | undefined {
    return this.#records.get(id);
  }

  isBroken(): boolean {
    return false;
  }

  isTombstone(id: string): boolean {
    return this.#records.get(id)?.result?.kind === 'omitted';
  }

  delete(id: string): void {
    this.#stores.delete(id);
    this.#records.delete(id);
  }

  #transactionalStore(): TransactionalStore {
    return {
      maxResultBytes: this.#withoutRecord.maxResultBytes,
      acquire: (record, nowSeconds) => this.#with(record.id, (store) => store.acquire(record, nowSeconds)),
      takeOver: (record, lapsed) => this.#with(record.id, (store) => store.takeOver(record, lapsed)),
      renew: (lease, nextLeaseEndsAtMs) =>
        this.#with(lease.id, (store) => store.renew(lease, nextLeaseEndsAtMs)),
      recordStep: (ownership, name, json) =>
        this.#with(ownership.id, (store) => store.recordStep(ownership, name, json)),
      complete: (ownership, completion) =>
        this.#with(ownership.id, (store) => store.complete(ownership, completion)),
      release: (ownership) => this.#with(ownership.id, (store) => store.release(ownership)),
      read: async (id) => this.#records.get(id),
      prepareWrites: (writes, earlier) => this.#withoutRecord.prepareWrites(writes, earlier),
      completeWith: (ownership, completion, writes) =>
        this.#with(ownership.id, (store) => store.completeWith(ownership, completion, writes)),
      putCompleted: (record, nowSeconds, writes) =>
        this.#with(record.id, (store) => store.putCompleted(record, nowSeconds, writes)),
      write: (writes, token) => this.#withoutRecord.write(writes, token),
    };
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
    return new MemoryStore({ applyWrites: (writes) => this.#apply(writes as readonly Write[]) });
  }

  #apply(writes: readonly Write[]): readonly number[] {
    const sold = writes.findIndex((write) => 'Update' in write);
    if (sold >= 0 && this.left < 1) return [sold];
    for (const write of writes) {
      if ('Update' in write) this.left -= 1;
      else if (write.Put.TableName === ROWS_TABLE) this.onRow(write.Put.Item.id);
    }
    return [];
  }
}

const TRANSACTIONS: ReadonlySet<StoreOperation> = new Set(['completeWith', 'putCompleted', 'write']);
