/**
 * What lies in the tables at this moment, for those who watch. It reads with a client of its own: looking is not part
 * of what is looked at.
 */

import { type AttributeValue, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { CartLine } from '../../../functions/cart-line.ts';
import { DynamoDbCartLines } from '../../../functions/list-cart/lines.ts';
import type { ObservedTable } from '../observation.ts';

/** A DynamoDB item as DynamoDB writes it in JSON: `{"id":{"S":"..."}}`, binary values in base64. */
export type ItemJson = Readonly<Record<string, unknown>>;

export interface TableView {
  /** The item of each id that was asked for; `null` where there is none. */
  readonly records: Readonly<Record<string, ItemJson | null>>;
  /** The rows of each cart that was asked for. */
  readonly carts: Readonly<Record<string, readonly CartLine[]>>;
  /** Epoch milliseconds of the server, which the leases are to be compared with. */
  readonly atMs: number;
}

export interface TableReader {
  view(recordIds: readonly string[], cartIds: readonly string[]): Promise<TableView>;
}

export function createTableReader(
  client: DynamoDBClient,
  tables: Readonly<Record<ObservedTable, string>>,
): TableReader {
  const cartLines = new DynamoDbCartLines({ client, tableName: tables.cart });

  async function itemOf(id: string): Promise<ItemJson | null> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tables.idempotency, Key: { id: { S: id } }, ConsistentRead: true }),
    );
    return Item === undefined ? null : itemJson(Item);
  }

  return {
    async view(recordIds, cartIds) {
      const [records, carts] = await Promise.all([
        Promise.all(recordIds.map(async (id) => [id, await itemOf(id)] as const)),
        Promise.all(cartIds.map(async (id) => [id, await cartLines.listLines(id)] as const)),
      ]);
      return { records: Object.fromEntries(records), carts: Object.fromEntries(carts), atMs: Date.now() };
    },
  };
}

function itemJson(item: Record<string, AttributeValue>): ItemJson {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
