import type { DocumentWrite } from '../../lib/stores/document-write.ts';
import { MemoryStore } from '../../lib/stores/memory-store.ts';

/** A table of rows in this process, and a store whose transactions write to it. */
export class CountedRows {
  /** How often each row has been put. */
  readonly puts = new Map<string, number>();
  readonly store: MemoryStore;

  constructor(options: { readonly maxResultBytes?: number } = {}) {
    this.store = new MemoryStore({ ...options, applyWrites: (writes) => this.#apply(writes) });
  }

  /** A write that puts a row, on condition that it is new where `onlyIfNew` says so. */
  put(id: string, { onlyIfNew = false } = {}): DocumentWrite {
    const condition = onlyIfNew ? { ConditionExpression: 'attribute_not_exists(id)' } : {};
    return { Put: { TableName: 'rows', Item: { id }, ...condition } };
  }

  #apply(writes: readonly unknown[]): number[] {
    // Copies of what `put` has made.
    const puts = writes as readonly { Put: { Item: { id: string }; ConditionExpression?: string } }[];
    const failed = puts.flatMap(({ Put }, index) =>
      Put.ConditionExpression !== undefined && this.puts.has(Put.Item.id) ? [index] : [],
    );
    if (failed.length > 0) return failed;
    for (const { Put } of puts) this.puts.set(Put.Item.id, (this.puts.get(Put.Item.id) ?? 0) + 1);
    return [];
  }
}
