/** The four actions of the store, each tried with a request that can change nothing. */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ATTRIBUTES } from '../../stores/dynamodb-record.ts';
import { keyOf } from '../../stores/dynamodb-requests.ts';
import type { Table } from '../table/connection.ts';
import { type Diagnosis, ok, problem } from './diagnosis.ts';

export async function diagnosePermissions({ client, tableName }: Table): Promise<readonly Diagnosis[]> {
  // Nobody's id: the condition cannot hold, and a refused write changes nothing.
  const key = keyOf(`doctor#${randomUUID()}`);
  const onlyIfThere = {
    TableName: tableName,
    ConditionExpression: 'attribute_exists(#id)',
    ExpressionAttributeNames: { '#id': ATTRIBUTES.id },
  };
  return [
    await tried('GetItem', () => client.send(new GetItemCommand({ TableName: tableName, Key: key }))),
    await tried('PutItem', () => client.send(new PutItemCommand({ ...onlyIfThere, Item: key }))),
    await tried('UpdateItem', () => client.send(new UpdateItemCommand({ ...onlyIfThere, Key: key }))),
    await tried('DeleteItem', () => client.send(new DeleteItemCommand({ ...onlyIfThere, Key: key }))),
  ];
}

async function tried(action: string, send: () => Promise<unknown>): Promise<Diagnosis> {
  const id = `permission-${action}`;
  try {
    await send();
  } catch (error) {
    if ((error as Error).name === 'AccessDeniedException') return missing(id, action);
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
  return ok(id, 'these credentials have it');
}

function missing(id: string, action: string): Diagnosis {
  return problem(id, {
    found: 'these credentials do not have it',
    right: `dynamodb:${action} on the table (IdempotencyTable.grantIdempotency gives all four)`,
    why: 'if the function lacks it as well, guarded requests are answered with 503',
  });
}
