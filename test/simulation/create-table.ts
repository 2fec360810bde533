import { DynamoDbTable } from './dynamodb/dynamodb-table.ts';
import { MemoryTable } from './memory-table.ts';
import type { SimulatedTable } from './simulated-table.ts';
import { ValkeyTable } from './valkey/valkey-table.ts';
import type { Store } from './world.ts';

export interface TableTraits {
  /** Units in stock. */
  readonly left: number;
  readonly now: () => number;
  /** By how much the clocks of two callers may differ, in milliseconds. */
  readonly clockSkewMs: number;
  /** What a Valkey server runs in the place of a script of the library's. */
  readonly changeScript: ((script: string) => string) | undefined;
}

export function createTable(store: Store, traits: TableTraits): SimulatedTable {
  const { left, now, clockSkewMs, changeScript } = traits;
  switch (store) {
    case 'port':
      return new MemoryTable(left, clockSkewMs);
    case 'DynamoDB':
    case 'DynamoDB, long answers':
      return new DynamoDbTable(left, now, clockSkewMs);
    case 'Valkey':
      return new ValkeyTable(left, now, changeScript);
  }
}
