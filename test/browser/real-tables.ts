/** What lies in a server's tables, read past the server. */

import { QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import type { LocalServerProcess } from '../support/local-server-process.ts';

export function rowsOfCart(server: LocalServerProcess, cartId: string) {
  return rowsUnder(server, server.tables.cart, 'cartId', cartId);
}

export function rowsOfShow(server: LocalServerProcess, showId: string) {
  return rowsUnder(server, server.tables.seats, 'showId', showId);
}

async function rowsUnder({ endpoint }: LocalServerProcess, tableName: string, key: string, value: string) {
  const client = createEngineClient(endpoint);
  try {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: `${key} = :value`,
        ExpressionAttributeValues: { ':value': { S: value } },
        ConsistentRead: true,
      }),
    );
    return Items;
  } finally {
    client.destroy();
  }
}

/** Every record, by its id. */
export async function allRecords({ endpoint, tables }: LocalServerProcess) {
  const client = createEngineClient(endpoint);
  try {
    const { Items = [] } = await client.send(
      new ScanCommand({ TableName: tables.idempotency, ConsistentRead: true }),
    );
    return new Map(Items.map((item) => [item['id']?.S ?? '', item]));
  } finally {
    client.destroy();
  }
}
