/**
 * What a request costs, in requests to DynamoDB, as the README says. They are counted in the SDK's client, below
 * everything of ours, and against a real engine.
 */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { DynamoDbStore, type HttpOptions, idempotent } from '../../../lib/index.ts';
import { requestsOf } from '../../support/counted-requests.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { warmCacheLoaded } from '../../support/warm-cache-loaded.ts';

let tableName: string;
let client: DynamoDBClient;

beforeAll(async () => {
  client = testClient();
  await warmCacheLoaded();
  tableName = await createIdempotencyTable();
});

afterAll(() => client.destroy());

/** A sandbox: a client and a guard of its own. */
function sandbox(options: HttpOptions<APIGatewayProxyEventV2> = {}, work: () => unknown = () => undefined) {
  const handler = idempotent<APIGatewayProxyEventV2, unknown>(
    async () => {
      await work();
      return { statusCode: 201, body: 'done' };
    },
    { store: new DynamoDbStore({ tableName, client }), namespace: 'counts', onEvent: () => {}, ...options },
  );
  return (key: string, body: unknown = { sku: 'apple' }) =>
    handler(httpApiEvent({ key, body }), lambdaContext());
}

const replayed = { statusCode: 200, body: 'done', headers: { 'Idempotent-Replayed': 'true' } };

describe('without a cache', () => {
  test('a first run costs 2 requests, a duplicate 1, another payload 1', async () => {
    const send = sandbox();
    const key = randomUUID();
    expect(await requestsOf(client, () => send(key))).toEqual(['PutItem', 'UpdateItem']);
    expect(await requestsOf(client, () => send(key))).toEqual(['PutItem']);
    expect(await requestsOf(client, () => send(key, { sku: 'pear' }))).toEqual(['PutItem']);
  });
});

describe('with a warm cache', () => {
  test('a duplicate costs nothing where the first was completed, and neither does another payload', async () => {
    const send = sandbox({ cache: true });
    const key = randomUUID();
    expect(await requestsOf(client, () => send(key))).toEqual(['PutItem', 'UpdateItem']);
    const sent = await requestsOf(client, async () => {
      expect(await send(key)).toMatchObject(replayed);
      expect(await send(key, { sku: 'pear' })).toMatchObject({ statusCode: 422 });
    });
    expect(sent).toEqual([]);
  });

  test('in another sandbox the first duplicate costs 1, and the next ones nothing', async () => {
    const key = randomUUID();
    await sandbox({ cache: true })(key);
    const send = sandbox({ cache: true });
    expect(await requestsOf(client, () => send(key))).toEqual(['PutItem']);
    const sent = await requestsOf(client, async () => expect(await send(key)).toMatchObject(replayed));
    expect(sent).toEqual([]);
  });
});

describe('a duplicate that waits', () => {
  test('costs its claim and a read for each pause', async () => {
    const key = randomUUID();
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let entered = () => {};
    const running = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const first = sandbox({}, () => {
      entered();
      return finished;
    })(key);
    await running;

    let pauses = 0;
    const sleep = async (_ms: number, alarm?: AbortSignal) => {
      if (alarm !== undefined) return new Promise(() => {});
      pauses += 1;
      if (pauses === 3) {
        finish();
        await first;
      }
      return undefined;
    };
    const own = testClient();
    const store = new DynamoDbStore({ tableName, client: own });
    const send = sandbox({ store, onInProgress: { waitMs: 5000 }, sleep });
    const sent = await requestsOf(own, async () => expect(await send(key)).toMatchObject(replayed));
    own.destroy();
    expect(sent).toEqual(['PutItem', 'GetItem', 'GetItem', 'GetItem']);
  });
});
