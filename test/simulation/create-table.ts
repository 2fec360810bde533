import { DynamoDbTable } from './dynamodb/dynamodb-table.ts';
import { MemoryTable } from './memory-table.ts';
import type { SimulatedTable } from './simulated-table.ts';
import type { Store } from './world.ts';

/** @param left - units in stock */
export function createTable(store: Store, left: number, now: () => number): SimulatedTable {
  return store === 'port' ? new MemoryTable(left) : new DynamoDbTable(left, now);
}
