/** The rows of the contract for a duplicate that may wait, over HTTP: behind the middleware and the wrapper. */

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DynamoDbStore, type IdempotencyEvent, idempotency, idempotent } from '../../lib/index.ts';
import { type Gateway, startGateway } from '../../lib/local/gateway.ts';
import type { Route } from '../../lib/local/route.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { type ExchangeResponse, exchange } from '../support/http-exchange.ts';

/** Instead of Jest's 5 s: a busy machine, and handlers that take their time. */
jest.setTimeout(60_000);

const FUNCTION_TIMEOUT_MS = 10_000;
/** Of which half a second is kept for the answer: a waiter in it has no more than half a second. */
const SHORT_FUNCTION_TIMEOUT_MS = 1_000;

let client: DynamoDBClient;
let gateway: Gateway;
const runs = new Map<string, number>();
const events: IdempotencyEvent[] = [];

beforeAll(async () => {
  client = testClient();
  const tableName = await createIdempotencyTable(client);
  const options = (namespace: string) => ({
    namespace,
    store: new DynamoDbStore({ tableName, client }),
    onInProgress: { waitMs: 60_000 },
    onEvent: (event: IdempotencyEvent) => events.push(event),
  });
  const wrapped = idempotent(work, options('wrapper'));
  const guarded = middy(work).use(idempotency(options('middleware')));
  const short = middy(work).use(idempotency(options('short')));
  const route = (path: string, handler: unknown, timeoutMs = FUNCTION_TIMEOUT_MS): Route => ({
    method: 'POST',
    path,
    // Middy's handler declares the context with what the middleware adds to it.
    lambda: { name: 'waiting', timeoutMs, handler: handler as Route['lambda']['handler'] },
  });
  gateway = await startGateway({
    port: 0,
    routes: [
      route('/wrapper', wrapped),
      route('/middleware', guarded),
      route('/short', short, SHORT_FUNCTION_TIMEOUT_MS),
    ],
  });
});

afterAll(async () => {
  await gateway.close();
  client.destroy();
});

async function work(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const name = event.headers['x-run'] ?? '';
  const run = (runs.get(name) ?? 0) + 1;
  runs.set(name, run);
  await pause(Number(event.headers['x-work-ms']));
  if (event.headers['x-fails'] === String(run)) return { statusCode: 500 };
  return { statusCode: 201, headers: { 'content-type': 'text/plain' }, body: `run ${run} of ${name}` };
}

function post(path: string, headers: Record<string, string>, body = '{}'): Promise<ExchangeResponse> {
  return exchange({ method: 'POST', url: gateway.url + path, headers, body });
}

/** Headers of one operation that nobody else has. */
function operation(changes: Record<string, string> = {}): Record<string, string> {
  const name = randomUUID();
  return { 'idempotency-key': name, 'x-run': name, 'x-work-ms': '300', ...changes };
}

describe.each(['/wrapper', '/middleware'])('duplicates of a request in progress at %s', (path) => {
  test('wait, and get the one result as replays', async () => {
    const headers = operation();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(path, headers)));
    const [first, ...replays] = answers.toSorted((a, b) => b.status - a.status);
    expect(first).toMatchObject({ status: 201, body: `run 1 of ${headers['x-run']}` });
    expect(first?.headers['idempotent-replayed']).toBeUndefined();
    for (const replay of replays) {
      expect([replay.status, replay.body]).toEqual([200, first?.body]);
      expect(replay.headers['idempotent-replayed']).toBe('true');
    }
    expect(runs.get(headers['x-run'] ?? '')).toBe(1);
  });

  test('run in its place if it fails: one of them, and the others get its result', async () => {
    const headers = operation({ 'x-fails': '1' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(path, headers)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201, 500]);
    expect(runs.get(headers['x-run'] ?? '')).toBe(2);
  });

  test('with another payload get 422 and wait for nothing', async () => {
    const headers = operation({ 'x-work-ms': '1500' });
    const both = [post(path, headers), post(path, headers, '{"other":true}')];
    // Whichever came second is refused, long before the first is done.
    const refused = await Promise.race(both);
    expect(refused.status).toBe(422);
    expect((await Promise.all(both)).map(({ status }) => status).toSorted()).toEqual([201, 422]);
  });
});

test('a duplicate that waits in vain gets 409 and a Retry-After, before its own invocation times out', async () => {
  const headers = operation({ 'x-work-ms': String(3 * SHORT_FUNCTION_TIMEOUT_MS) });
  const answers = await Promise.all([post('/short', headers), post('/short', headers)]);
  const [refused, timedOut] = answers.toSorted((a, b) => a.status - b.status);
  expect(timedOut?.status).toBe(500); // By the front door, whose function ran into its time-out.
  expect(refused?.status).toBe(409);
  expect(refused?.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  expect(refused?.json()).toMatchObject({ type: 'urn:lambda-idempotency:problem:in-progress', status: 409 });
  expect(runs.get(headers['x-run'] ?? '')).toBe(1);
});

test('every wait was told, with what it took', () => {
  const waits = events.filter((event) => event.type === 'waited');
  expect(waits.length).toBeGreaterThan(0);
  for (const { waitedMs, reads, failedReads } of waits) {
    expect(waitedMs).toBeLessThan(FUNCTION_TIMEOUT_MS);
    expect(reads).toBeGreaterThan(0);
    expect(failedReads).toBe(0);
  }
});
