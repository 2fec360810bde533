/** The floor: the SDK's client and the four commands that a lock on DynamoDB uses. */
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { answer } from './answer.ts';

const client = new DynamoDBClient();
const TableName = process.env['IDEMPOTENCY_TABLE'];
/** Kept in the bundle, and not asked for in a first run. */
export const others = [GetItemCommand, TransactWriteItemsCommand];

export async function handler(event: APIGatewayProxyEventV2) {
  const id = { S: event.headers['idempotency-key'] ?? '' };
  await client.send(
    new PutItemCommand({ TableName, Item: { id }, ConditionExpression: 'attribute_not_exists(id)' }),
  );
  const result = answer();
  await client.send(
    new UpdateItemCommand({
      TableName,
      Key: { id },
      UpdateExpression: 'SET #data = :data',
      ExpressionAttributeNames: { '#data': 'data' },
      ExpressionAttributeValues: { ':data': { S: JSON.stringify(result) } },
    }),
  );
  return result;
}
