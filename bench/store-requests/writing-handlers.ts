/** One handler that puts one row, in the three ways in which this library can guard it. */
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { DynamoDbStore, type IdempotentContext, idempotency } from '../../lib/index.ts';

export const WRITING_HANDLERS = ['lock', 'lock and commit', 'single write'] as const;
export type WritingHandler = (typeof WRITING_HANDLERS)[number];

export interface WritingHandlerSettings {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Where the row goes; its key is `id`, as that of the first. */
  readonly dataTable: string;
}

export function createWritingHandler(
  name: WritingHandler,
  { client, tableName, dataTable }: WritingHandlerSettings,
): (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown> {
  const store = new DynamoDbStore({ tableName, client });
  const strategy = name === 'single write' ? 'single-write' : 'lock';
  const handler = middy(
    async (_event: APIGatewayProxyEventV2, { idempotency: attempt }: IdempotentContext) => {
      const id = attempt.deriveKey('row');
      if (name === 'lock')
        await client.send(new PutItemCommand({ TableName: dataTable, Item: { id: { S: id } } }));
      else attempt.commit([{ Put: { TableName: dataTable, Item: { id } } }]);
      return { statusCode: 201, body: JSON.stringify({ id }) };
    },
  ).use(idempotency({ store, strategy, onEvent: () => {} }));
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  return (event, context) => handler(event, context as IdempotentContext);
}
