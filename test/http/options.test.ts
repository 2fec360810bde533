/** The rows of the contract that an option of the middleware decides, over HTTP and with handlers of their own. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DynamoDbStore, type HttpOptions, idempotency, outcomeUnknown } from '../../lib/index.ts';
import { type Gateway, startGateway } from '../../lib/local/gateway.ts';
import type { Route } from '../../lib/local/route.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { type ExchangeResponse, exchange } from '../support/http-exchange.ts';
import { until } from '../support/until.ts';

/** Instead of Jest's 5 s: a lease has to run out. */
jest.setTimeout(60_000);

/** With a second for clocks that differ, leases last 2 s. */
const FUNCTION_TIMEOUT_MS = 1_000;

let client: DynamoDBClient;
let gateway: Gateway;
const runs = new Map<string, number>();

beforeAll(async () => {
  client = testClient();
  const tableName = await createIdempotencyTable(client);
  const route = (path: string, options: HttpOptions<APIGatewayProxyEventV2>): Route => {
    const handler = middy(countRun).use(
      idempotency({ namespace: path, store: new DynamoDbStore({ tableName, client }), ...options }),
    );
    // Middy's handler declares the context with what the middleware adds to it.
    const lambdaHandler = handler as unknown as Route['lambda']['handler'];
    return {
      method: 'POST',
      path,
      lambda: { name: 'options', timeoutMs: FUNCTION_TIMEOUT_MS, handler: lambdaHandler },
    };
  };
  gateway = await startGateway({
    port: 0,
    routes: [
      route('/block', { onUncertain: 'block' }),
      route('/optional', { keyRequired: false }),
      route('/original', { replayStatus: 'original' }),
    ],
  });
});

afterAll(async () => {
  await gateway.close();
  client.destroy();
});

async function countRun(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const name = event.headers['x-run'] ?? '';
  runs.set(name, (runs.get(name) ?? 0) + 1);
  if (event.headers['x-outcome'] === 'unknown') return outcomeUnknown({ statusCode: 502 });
  return { statusCode: 201, headers: { 'content-type': 'text/plain' }, body: name };
}

function post(path: string, headers: Record<string, string>): Promise<ExchangeResponse> {
  return exchange({ method: 'POST', url: gateway.url + path, headers });
}

describe("onUncertain: 'block'", () => {
  test('answers 409 with a problem type of its own once the lease is over, and does not run again', async () => {
    const name = randomUUID();
    const headers = { 'idempotency-key': name, 'x-run': name, 'x-outcome': 'unknown' };
    expect((await post('/block', headers)).status).toBe(502);

    const waiting = await post('/block', headers);
    expect(waiting.status).toBe(409);
    expect(waiting.json()).toMatchObject({ type: 'urn:lambda-idempotency:problem:in-progress' });

    let blocked = waiting;
    await until('the lease is over', async () => {
      blocked = await post('/block', headers);
      return (blocked.json() as { code: string }).code !== 'IN_PROGRESS';
    });
    expect(blocked.status).toBe(409);
    expect(blocked.headers['retry-after']).toBeUndefined();
    expect(blocked.json()).toMatchObject({ type: 'urn:lambda-idempotency:problem:outcome-unknown' });
    expect(runs.get(name)).toBe(1);
  });
});

describe('keyRequired: false', () => {
  test('runs a request without a key each time, and still refuses a malformed one', async () => {
    const name = randomUUID();
    expect((await post('/optional', { 'x-run': name })).status).toBe(201);
    expect((await post('/optional', { 'x-run': name })).status).toBe(201);
    expect((await post('/optional', { 'x-run': name, 'idempotency-key': '' })).status).toBe(400);
    expect(runs.get(name)).toBe(2);
  });
});

describe("replayStatus: 'original'", () => {
  test('keeps 201 on replays', async () => {
    const name = randomUUID();
    const headers = { 'idempotency-key': name, 'x-run': name };
    expect((await post('/original', headers)).status).toBe(201);
    const replayed = await post('/original', headers);
    expect([replayed.status, replayed.body]).toEqual([201, name]);
    expect(replayed.headers['idempotent-replayed']).toBe('true');
    expect(runs.get(name)).toBe(1);
  });
});
