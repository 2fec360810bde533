/** What only the database finds in the writes of a commit: nothing is written, the key is given back, the error says it. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CommitConditionError,
  CommitInvalidError,
  type DocumentWrite,
  DynamoDbStore,
  type IdempotencyEvent,
  type IdempotentContext,
  idempotent,
  StoreError,
} from '../../../lib/index.ts';
import { createCartTable, createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';

let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let idempotencyTable: string;
let cartTable: string;
let events: IdempotencyEvent[];

beforeAll(async () => {
  client = testClient();
  documents = DynamoDBDocumentClient.from(client);
  idempotencyTable = await createIdempotencyTable(client);
  cartTable = await createCartTable(client);
});
afterAll(() => client.destroy());
beforeEach(() => {
  events = [];
});

function guarded(writes: readonly DocumentWrite[], result: unknown = 'done') {
  return idempotent(
    async (_key: string, { idempotency }: IdempotentContext) => {
      idempotency.commit(writes);
      return result;
    },
    {
      store: new DynamoDbStore({ tableName: idempotencyTable, client }),
      key: (key) => key,
      onEvent: (event) => events.push(event),
    },
  );
}

async function outcomeOf(writes: readonly DocumentWrite[], result?: unknown): Promise<unknown> {
  const context = lambdaContext() as IdempotentContext;
  return guarded(writes, result)(randomUUID(), context).catch((error: unknown) => error);
}

const row = (lineId: string, more: object = {}) => ({ cartId: 'c1', lineId, ...more });
const put = (lineId: string, more: object = {}): DocumentWrite => ({
  Put: { TableName: cartTable, Item: row(lineId, more) },
});

async function exists(lineId: string): Promise<boolean> {
  const found = await documents.send(
    new GetCommand({ TableName: cartTable, Key: row(lineId), ConsistentRead: true }),
  );
  return found.Item !== undefined;
}

/** A write that would be applied if the other one were not refused. */
async function expectNothingWritten(
  refused: (innocent: string) => readonly DocumentWrite[],
): Promise<unknown> {
  const innocent = randomUUID();
  const error = await outcomeOf([put(innocent), ...refused(innocent)]);
  expect(await exists(innocent)).toBe(false);
  expect(events.map(({ type }) => type).at(-1)).toBe('released');
  return error;
}

describe('writes that can never be applied', () => {
  test.each<[string, (innocent: string) => readonly DocumentWrite[]]>([
    ['two writes to one item that differ beside the key', (innocent) => [put(innocent, { n: 1 })]],
    [
      'a key that the table does not have',
      () => [{ Delete: { TableName: cartTable, Key: { cartId: 'c1', line: 'x' } } }],
    ],
    [
      'a condition that is no expression',
      () => [{ Put: { TableName: cartTable, Item: row('x'), ConditionExpression: 'is not ((' } }],
    ],
    [
      'an update that does not fit the type of its item',
      () => [
        {
          Update: {
            TableName: cartTable,
            Key: row('x'),
            UpdateExpression: 'SET n = cartId + :one',
            ExpressionAttributeValues: { ':one': 1 },
          },
        },
      ],
    ],
  ])('%s', async (_, refused) => {
    expect(await expectNothingWritten(refused)).toMatchObject({
      code: 'COMMIT_INVALID',
      statusCode: 500,
      message: expect.stringMatching(/DynamoDB cannot apply .* Its own words are in the cause/),
      cause: expect.any(Error),
    });
  });

  test('an update that makes its item too large', async () => {
    const large = randomUUID();
    await documents.send(
      new PutCommand({ TableName: cartTable, Item: row(large, { text: 'x'.repeat(300 * 1024) }) }),
    );
    const grow: DocumentWrite = {
      Update: {
        TableName: cartTable,
        Key: row(large),
        UpdateExpression: 'SET more = :more',
        ExpressionAttributeValues: { ':more': 'x'.repeat(200 * 1024) },
      },
    };
    expect(await expectNothingWritten(() => [grow])).toBeInstanceOf(CommitInvalidError);
  });

  test('a table that does not exist is a failure of the store, and says what else it may be about', async () => {
    const error = await expectNothingWritten(() => [{ Put: { TableName: 'no-such-table', Item: row('x') } }]);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toMatch(/may as well be about a table of the writes/);
  });
});

test('a result that does not fit beside 4 MB of writes is left out, and the writes are applied', async () => {
  const lines = Array.from({ length: 11 }, () => randomUUID());
  const sizes = [
    ...Array.from({ length: 10 }, () => 390 * 1024),
    4 * 1024 * 1024 - 10 * 390 * 1024 - 20 * 1024,
  ];
  const writes = lines.map((lineId, index) => put(lineId, { text: 'x'.repeat(sizes[index] ?? 0) }));
  // Nothing that compression makes small, and not so large that it is kept in items of its own.
  const handler = guarded(writes, randomBytes(45 * 1024).toString('base64'));
  const key = randomUUID();
  const context = lambdaContext() as IdempotentContext;
  await handler(key, context);
  expect(await Promise.all(lines.map(exists))).toEqual(lines.map(() => true));
  await expect(handler(key, context)).rejects.toMatchObject({
    code: 'RESULT_NOT_RECORDED',
    reason: 'too-large',
  });
});

test('a condition that does not hold brings back the item that stood in the way, for those who ask', async () => {
  const taken = randomUUID();
  await documents.send(new PutCommand({ TableName: cartTable, Item: row(taken, { quantity: 2 }) }));
  const onlyIfNew = {
    TableName: cartTable,
    Item: row(taken),
    ConditionExpression: 'attribute_not_exists(lineId)',
  };
  const asking: DocumentWrite = {
    Put: { ...onlyIfNew, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
  };
  const error = await expectNothingWritten(() => [asking]);
  expect(error).toBeInstanceOf(CommitConditionError);
  const { reasons } = error as CommitConditionError;
  expect(reasons).toEqual([{ index: 1, code: 'ConditionalCheckFailed' }]);
  expect(reasons[0]?.item).toEqual(row(taken, { quantity: 2 }));

  const silent = await expectNothingWritten(() => [{ Put: onlyIfNew }]);
  expect((silent as CommitConditionError).reasons[0]?.item).toBeUndefined();
});
