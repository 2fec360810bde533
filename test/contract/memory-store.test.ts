import { MemoryStore } from '../../lib/stores/memory-store.ts';
import { describeStoreContract } from './store-contract.ts';
import { describeTransactionalStoreContract } from './transactional-store-contract.ts';

describeStoreContract('MemoryStore', () => new MemoryStore());

describeTransactionalStoreContract('MemoryStore', () => {
  interface CounterWrite {
    readonly add: { readonly to: string; readonly onlyIfNew: boolean };
  }
  const counters = new Map<string, number>();
  const applyWrites = (writes: readonly unknown[]): number[] => {
    const adds = writes.map((write) => (write as CounterWrite).add);
    const failed = adds.flatMap(({ to, onlyIfNew }, index) => (onlyIfNew && counters.has(to) ? [index] : []));
    if (failed.length === 0) for (const { to } of adds) counters.set(to, (counters.get(to) ?? 0) + 1);
    return failed;
  };
  return {
    store: new MemoryStore({ applyWrites }),
    increment: (to) => ({ add: { to, onlyIfNew: false } }),
    createCounter: (to) => ({ add: { to, onlyIfNew: true } }),
    countOf: async (counter) => counters.get(counter) ?? 0,
  };
});
