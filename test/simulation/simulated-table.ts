/** The tables that all invocations of a schedule share: the records, the handlers' rows, and what is left in stock. */
import type { IdempotencyRecord, TransactionalStore } from '../../lib/index.ts';
import type { Sender } from './invocation.ts';
import type { TableClocks } from './table-clocks.ts';
import type { World } from './world.ts';

/** Something that TTL may delete: a record, or a part of its result. */
export interface Expirable {
  readonly id: string;
  readonly expiresAtSeconds: number;
}

export interface SimulatedTable {
  /** The same object for as long as nobody writes the record. */
  readonly records: readonly IdempotencyRecord[];
  /** Everything that has an end of its own, records included. */
  readonly expirables: readonly Expirable[];
  record(id: string): IdempotencyRecord | undefined;
  /** Whether the record says that its answer is kept, and some of it is not there. */
  isBroken(id: string): boolean;
  /** Whether the key is consumed without its answer, since that could not be kept. */
  isTombstone(id: string): boolean;
  readonly clocks: TableClocks;
  /** As TTL does; or as an operator might, by hand. */
  delete(id: string): void;
  /** Units that are for sale, one for each row. */
  left: number;
  /** Told of each row that is written. */
  onRow: (key: string) => void;
  /** The store as `sender` reaches it: over a network that refuses, delays and loses. */
  connect(world: World, sender: Sender): TransactionalStore;
}

export const ROWS_TABLE = 'rows';
export const STOCK_TABLE = 'stock';
export const STOCK_ID = 'the only article';

/** What a handler leaves to `commit`: a row of its own, and a unit less in stock, on condition that there is one. */
export function purchase(key: string) {
  return [
    { Put: { TableName: ROWS_TABLE, Item: { id: key } } },
    {
      Update: {
        TableName: STOCK_TABLE,
        Key: { id: STOCK_ID },
        UpdateExpression: 'ADD #left :sold',
        ConditionExpression: '#left >= :one',
        ExpressionAttributeNames: { '#left': 'left' },
        ExpressionAttributeValues: { ':sold': -1, ':one': 1 },
      },
    },
  ] as const;
}
