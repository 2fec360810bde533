/** Reading of items as they lie there. */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../stores/dynamodb-record.ts';
import { keyOf } from '../../stores/dynamodb-requests.ts';
import type { Table } from './connection.ts';
import { tableError } from './table-error.ts';

/** Read consistently. @throws CommandError */
export async function readItem(table: Table, id: string): Promise<Item | undefined> {
  try {
    const { Item: item } = await table.client.send(
      new GetItemCommand({ TableName: table.tableName, Key: keyOf(id), ConsistentRead: true }),
    );
    return item;
  } catch (error) {
    throw tableError(error, table);
  }
}
