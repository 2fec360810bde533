/** A guarded handler whose one effect is a row that it commits; each run would make another row. */
import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DynamoDbStore, type HttpOptions, type IdempotentContext, idempotency } from '../../../lib/index.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';

export const REMAINING_MS = 10_000;

export interface OrderServiceSettings {
  readonly client: DynamoDBClient;
  readonly idempotencyTable: string;
  readonly cartTable: string;
  readonly options?: HttpOptions<APIGatewayProxyEventV2>;
  /** Told where the handler is. */
  readonly pass?: (point: string) => Promise<void>;
}

export interface OrderAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type SendOrder = (key: string, cartId: string) => Promise<OrderAnswer>;

export function orderService(settings: OrderServiceSettings): SendOrder {
  const { client, idempotencyTable, cartTable, options, pass = async () => {} } = settings;

  async function placeOrder(
    event: APIGatewayProxyEventV2,
    { idempotency }: IdempotentContext,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const { cartId } = JSON.parse(event.body ?? '{}') as { readonly cartId: string };
    const row = { cartId, lineId: randomUUID() };
    await pass('before commit()');
    idempotency.commit([{ Put: { TableName: cartTable, Item: row } }]);
    await pass('after commit()');
    return { statusCode: 201, body: JSON.stringify(row) };
  }

  // Without core's early time-out, whose timer would outlive what is killed here.
  const handler = middy(placeOrder, { timeoutEarlyInMillis: 0 }).use(
    idempotency({
      namespace: 'orders',
      store: new DynamoDbStore({ tableName: idempotencyTable, client }),
      ...options,
    }),
  );
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  return (key, cartId) =>
    handler(
      httpApiEvent({ key, body: { cartId } }),
      lambdaContext(REMAINING_MS) as IdempotentContext,
    ) as Promise<OrderAnswer>;
}

/** The ids of the rows that a cart has. */
export async function rowsOf(client: DynamoDBClient, cartTable: string, cartId: string): Promise<string[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: cartTable,
      KeyConditionExpression: 'cartId = :cartId',
      ExpressionAttributeValues: { ':cartId': { S: cartId } },
      ConsistentRead: true,
    }),
  );
  return Items.map((item) => item['lineId']?.S ?? '');
}
