/** The rows of the contract that a warm cache answers, over HTTP: they are those of the table, and cost it nothing. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DynamoDbStore, type HttpOptions, idempotency } from '../../lib/index.ts';
import { type Gateway, startGateway } from '../../lib/local/gateway.ts';
import type { Route } from '../../lib/local/route.ts';
import { requestsOf } from '../support/counted-requests.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { exchange } from '../support/http-exchange.ts';
import { warmCacheLoaded } from '../support/warm-cache-loaded.ts';

/** Instead of Jest's 5 s: a busy machine. */
jest.setTimeout(60_000);

let client: DynamoDBClient;
let gateway: Gateway;
let runs = 0;

beforeAll(async () => {
  await warmCacheLoaded();
  client = testClient();
  const tableName = await createIdempotencyTable(client);
  const route = (path: string, options: HttpOptions<APIGatewayProxyEventV2>): Route => {
    const store = new DynamoDbStore({ tableName, client });
    const caller = (event: APIGatewayProxyEventV2) => event.headers['x-tenant'];
    const handler = middy(addLine).use(
      idempotency<APIGatewayProxyEventV2>({ namespace: 'cache', store, caller, ...options }),
    );
    return {
      method: 'POST',
      path,
      lambda: {
        name: 'cache',
        timeoutMs: 10_000,
        // Middy's handler declares the context with what the middleware adds to it.
        handler: handler as unknown as Route['lambda']['handler'],
      },
    };
  };
  gateway = await startGateway({
    port: 0,
    routes: [route('/warm', { cache: true }), route('/cold', {})],
  });
});

afterAll(async () => {
  await gateway.close();
  client.destroy();
});

async function addLine(): Promise<APIGatewayProxyStructuredResultV2> {
  runs += 1;
  const headers = { location: `/lines/${runs}`, 'set-cookie': `session=${runs}` };
  return { statusCode: 201, headers, body: `line ${runs}` };
}

function post(path: string, key: string, { body = '{}', tenant = 'one' } = {}) {
  const headers = { 'idempotency-key': key, 'x-tenant': tenant };
  return exchange({ method: 'POST', url: gateway.url + path, headers, body });
}

test('a duplicate is the same from the cache as from the table, but for the requests', async () => {
  const answers: unknown[] = [];
  const sent: string[][] = [];
  for (const path of ['/cold', '/warm']) {
    const key = randomUUID();
    const first = await post(path, key);
    expect([first.status, first.headers['set-cookie']]).toEqual([201, [`session=${runs}`]]);
    sent.push(
      await requestsOf(client, async () => {
        const { status, headers, body } = await post(path, key);
        expect([headers.location, body]).toEqual([first.headers.location, first.body]);
        // What differs from one exchange to the next, whoever answers.
        const each = { location: '', date: '', 'content-length': '', 'apigw-requestid': '' };
        answers.push({ status, headers: { ...headers, ...each } });
      }),
    );
  }
  expect(sent).toEqual([['PutItem'], []]);
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[1]).toMatchObject({ status: 200, headers: { 'idempotent-replayed': 'true' } });
});

test('another payload under a cached key gets 422, and the record still answers the first', async () => {
  const key = randomUUID();
  const first = await post('/warm', key);
  const sent = await requestsOf(client, async () => {
    const other = await post('/warm', key, { body: '{"other":true}' });
    expect(other.status).toBe(422);
    expect(other.json()).toMatchObject({ type: 'urn:lambda-idempotency:problem:payload-mismatch' });
    expect((await post('/warm', key)).body).toBe(first.body);
  });
  expect(sent).toEqual([]);
});

test('another tenant with the same key neither gets the cached answer nor is refused for it', async () => {
  const key = randomUUID();
  const one = await post('/warm', key);
  const other = await post('/warm', key, { tenant: 'other', body: '{"other":true}' });
  expect([one.status, other.status]).toEqual([201, 201]);
  expect(other.body).not.toBe(one.body);
  expect((await post('/warm', key)).body).toBe(one.body);
});
