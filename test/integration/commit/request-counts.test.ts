/** What a handler that puts one row costs in all. `npm run bench:requests` prints the same counts. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWritingHandler, type WritingHandler } from '../../../bench/store-requests/writing-handlers.ts';
import { requestsOf } from '../../support/counted-requests.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';

let client: DynamoDBClient;
let tables: { readonly tableName: string; readonly dataTable: string };

beforeAll(async () => {
  client = testClient();
  tables = {
    tableName: await createIdempotencyTable(client),
    dataTable: await createIdempotencyTable(client),
  };
});
afterAll(() => client.destroy());

test.each<[WritingHandler, string[], string[]]>([
  ['lock', ['PutItem', 'PutItem', 'UpdateItem'], ['PutItem']],
  ['lock and commit', ['PutItem', 'TransactWriteItems'], ['PutItem']],
  ['single write', ['TransactWriteItems'], ['TransactWriteItems']],
])('%s: the first run sends %p, a duplicate %p', async (name, first, duplicate) => {
  const handler = createWritingHandler(name, { client, ...tables });
  const key = randomUUID();
  let answer: unknown;
  const send = async () => {
    answer = await handler(httpApiEvent({ key }), lambdaContext());
  };
  expect(await requestsOf(client, send)).toEqual(first);
  expect(answer).toMatchObject({ statusCode: 201 });
  expect(await requestsOf(client, send)).toEqual(duplicate);
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'Idempotent-Replayed': 'true' } });
});
