import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test } from '@jest/globals';
import { LOCAL_REGION, LOCAL_SETTINGS } from '../../../lib/local/engine-client.ts';
import { createDefaultClient, createOwnClient } from '../../../lib/stores/dynamodb-store.ts';
import { createIdempotencyTable, testEndpoint } from '../../support/dynamodb.ts';

/** What the type of the client's settings leaves out of it. */
interface NodeHttpHandler {
  httpHandlerConfigs(): object;
}

const clients: { destroy(): void }[] = [];

function ownClient(config: Parameters<typeof createOwnClient>[0] = {}) {
  const client = createOwnClient({ ...LOCAL_SETTINGS, endpoint: testEndpoint(), ...config });
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

describe('the client that a store makes for itself', () => {
  test('tries three times, has time-outs, and puts its middleware together once', async () => {
    const client = ownClient();
    const { config } = client;
    expect(await config.maxAttempts()).toBe(3);
    expect(config.cacheMiddleware).toBe(true);
    // The handler makes its settings for its first request.
    await client.send(
      new GetItemCommand({ TableName: await createIdempotencyTable(), Key: { id: { S: 'a' } } }),
    );
    const handler = config.requestHandler as unknown as NodeHttpHandler;
    expect(handler.httpHandlerConfigs()).toMatchObject({
      connectionTimeout: 1000,
      requestTimeout: 2000,
      throwOnRequestTimeout: true,
    });
  });

  test('needs no settings', async () => {
    const client = createOwnClient();
    clients.push(client);
    expect(await client.config.maxAttempts()).toBe(3);
  });

  test('is what it is told to be, member by member', async () => {
    const { config } = ownClient({ maxAttempts: 7 });
    expect(await config.maxAttempts()).toBe(7);
    expect(await config.region()).toBe(LOCAL_REGION);
    expect(config.cacheMiddleware).toBe(true);
  });

  test('takes middlewares, as those of tracers, until its first request', async () => {
    const client = ownClient();
    const seen: string[] = [];
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          seen.push(String(commandName));
          return next(args);
        },
      { step: 'initialize', name: 'tracer' },
    );
    const TableName = await createIdempotencyTable();
    const get = () => client.send(new GetItemCommand({ TableName, Key: { id: { S: 'a' } } }));
    await get();
    await client.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' } } }));
    await get();
    expect(seen).toEqual(['GetItemCommand', 'PutItemCommand', 'GetItemCommand']);
  });

  test('keeps requests apart that are under way at the same time', async () => {
    const client = ownClient();
    const TableName = await createIdempotencyTable();
    const ids = Array.from({ length: 40 }, (_, index) => `id-${index}`);
    await Promise.all(
      ids.map((id) => client.send(new PutItemCommand({ TableName, Item: { id: { S: id }, of: { S: id } } }))),
    );
    const replies = await Promise.all(
      ids.map((id) => client.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }))),
    );
    expect(replies.map(({ Item }) => Item)).toEqual(ids.map((id) => ({ id: { S: id }, of: { S: id } })));
  });
});

test('the client that is made for all is one for the document client, too', async () => {
  const client = createDefaultClient({ ...LOCAL_SETTINGS, endpoint: testEndpoint(), maxAttempts: 7 });
  clients.push(client);
  const TableName = await createIdempotencyTable();
  const documents = DynamoDBDocumentClient.from(client);
  await documents.send(new PutCommand({ TableName, Item: { id: 'a', count: 1 } }));
  expect((await documents.send(new GetCommand({ TableName, Key: { id: 'a' } }))).Item).toMatchObject({
    count: 1,
  });
  expect(await client.config.maxAttempts()).toBe(7);
  expect(() => DynamoDBDocumentClient.from(ownClient())).toThrow('cacheMiddleware');
});
