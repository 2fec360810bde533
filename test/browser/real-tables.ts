/** What lies in a server's tables, read past the server. */

import { QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import type { LocalServerProcess } from '../support/local-server-process.ts';

export async function rowsOfCart({ endpoint, tables }: LocalServerProcess, cartId: string) {
  const client = createEngineClient(endpoint);
  try {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tables.cart,
        KeyConditionExpression: 'cartId = :cartId',
        ExpressionAttributeValues: { ':cartId': { S: cartId } },
        ConsistentRead: true,
      }),
    );
    return Items;
  } finally {
    client.destroy();
  }
}

export async function rowsOfShow({ endpoint, tables }: LocalServerProcess, showId: string) {
  const client = createEngineClient(endpoint);
  try {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tables.seats,
        KeyConditionExpression: 'showId = :showId',
        ExpressionAttributeValues: { ':showId': { S: showId } },
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
