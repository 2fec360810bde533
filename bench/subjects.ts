/**
 * The handlers that are compared: the same business function, bare, between the requests that any lock needs and
 * nothing else, behind this library, and behind Powertools for AWS Lambda. The libraries are set up as their
 * documentation says and with the same guarantees switched on (a key is required, the payload is validated). All use
 * one table layout.
 */
import { randomUUID } from 'node:crypto';
import { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import {
  type ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import {
  DynamoDbStore,
  type HttpOptions,
  type IdempotencyStore,
  type IdempotentContext,
  idempotency,
} from '../lib/index.ts';
import { LeanDynamoDbApi } from '../lib/lean/lean-dynamodb-api.ts';
import { resolveLeanOptions } from '../lib/lean/options.ts';
import { createEngineClient, LOCAL_SETTINGS } from '../lib/local/engine-client.ts';
import type { DynamoDbApi } from '../lib/stores/dynamodb-api.ts';
import { DynamoDbRecordStore } from '../lib/stores/dynamodb-record-store.ts';
import { acquirePut, completionUpdate } from '../lib/stores/dynamodb-requests.ts';
import { createOwnClient } from '../lib/stores/dynamodb-store.ts';
import { sdkDynamoDbApi } from '../lib/stores/sdk-dynamodb-api.ts';

export type Subject = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;
export const SUBJECT_NAMES = [
  'bare',
  'raw SDK calls',
  /** Those that this library sends, by hand. */
  'same SDK calls',
  'same lean calls',
  'lambda-idempotency',
  /** Over the client that all others use. */
  'lambda-idempotency, plain client',
  'lambda-idempotency/lean',
  'powertools',
] as const;
export type SubjectName = (typeof SUBJECT_NAMES)[number];

/** The client that comes with it where its user brings none. Powertools makes the SDK's, with nothing set. */
export function clientOf(name: SubjectName, endpoint: string): DynamoDBClient {
  return name === 'lambda-idempotency'
    ? createOwnClient({ endpoint, ...LOCAL_SETTINGS })
    : createEngineClient(endpoint);
}

export interface SubjectSettings extends Pick<HttpOptions, 'onInProgress' | 'sleep'> {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Of the lean store, which takes no client. */
  readonly endpoint?: string;
  /** What the business function does; by default it answers 201 with a small cart line. */
  readonly work?: () => Promise<APIGatewayProxyStructuredResultV2>;
  /** This library's, where it is another than a `DynamoDbStore` as it comes. */
  readonly store?: IdempotencyStore;
  /** Whether completed records are kept in the process; both libraries can. */
  readonly cache?: boolean;
}

export function createSubject(
  name: SubjectName,
  {
    client,
    tableName,
    endpoint,
    work = addToCart,
    store = new DynamoDbStore({ tableName, client }),
    cache = false,
    ...waiting
  }: SubjectSettings,
): Subject {
  const guardedBy = (own: IdempotencyStore): Subject => {
    const guarded = middy(async (_event: APIGatewayProxyEventV2) => work()).use(
      idempotency({ store: own, onEvent: () => {}, cache, ...waiting }),
    );
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (event, context) => guarded(event, context as IdempotentContext);
  };
  const lean = () => {
    if (endpoint === undefined) throw new Error('The lean store takes an endpoint.');
    return resolveLeanOptions({ tableName, endpoint, ...LOCAL_SETTINGS });
  };
  const handler = middy(async (_event: APIGatewayProxyEventV2) => work());
  switch (name) {
    case 'bare':
      return handler;
    case 'raw SDK calls':
      return handler.use(rawCalls(client, tableName));
    case 'same SDK calls':
      return handler.use(sameCalls(sdkDynamoDbApi(client), tableName));
    case 'same lean calls':
      return handler.use(sameCalls(new LeanDynamoDbApi(lean()), tableName));
    case 'lambda-idempotency':
    case 'lambda-idempotency, plain client':
      return guardedBy(store);
    case 'lambda-idempotency/lean':
      return guardedBy(new DynamoDbRecordStore({ tableName, api: new LeanDynamoDbApi(lean()) }));
    case 'powertools':
      return handler.use(
        makeHandlerIdempotent({
          persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
          config: new IdempotencyConfig({
            eventKeyJmesPath: 'headers."idempotency-key"',
            payloadValidationJmesPath: 'body',
            throwOnNoIdempotencyKey: true,
            useLocalCache: cache,
          }),
        }),
      );
  }
}

export async function addToCart(): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: 201,
    headers: { 'content-type': 'application/json', location: '/cart/c1' },
    body: JSON.stringify({
      lineId: 'l1',
      cartId: 'c1',
      sku: 'apple',
      quantity: 2,
      addedAt: '2027-01-01T00:00:00Z',
    }),
  };
}

const LEASE_MS = 30_000;
const RETENTION_SECONDS = 86_400;
type HookedHandler = middy.MiddlewareObj<APIGatewayProxyEventV2, unknown>;

/** The floor: the requests of a first run and of a duplicate, without hash, fingerprint, owner or any check of a reply. */
function rawCalls(client: DynamoDBClient, TableName: string): HookedHandler {
  const keyOf = (event: APIGatewayProxyEventV2) => ({ id: { S: event.headers['idempotency-key'] ?? '' } });
  return {
    before: async ({ event }) => {
      const now = Date.now();
      const put = new PutItemCommand({
        TableName,
        Item: {
          ...keyOf(event),
          status: { S: 'INPROGRESS' },
          expiration: { N: String(Math.floor(now / 1000) + RETENTION_SECONDS) },
          in_progress_expiration: { N: String(now + LEASE_MS) },
        },
        ConditionExpression: 'attribute_not_exists(id)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return answerOfDuplicate(client.send(put));
    },
    after: async ({ event, response }) => {
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf(event),
          UpdateExpression: 'SET #status = :status, #data = :data',
          ExpressionAttributeNames: { '#status': 'status', '#data': 'data' },
          ExpressionAttributeValues: {
            ':status': { S: 'COMPLETED' },
            ':data': { S: JSON.stringify(response) },
          },
        }),
      );
    },
  };
}

/** The requests of this library, byte for byte as long as its own, with constants for what it finds out. */
function sameCalls(api: DynamoDbApi, tableName: string): HookedHandler {
  const owner = randomUUID();
  const fingerprint = 'x'.repeat(43);
  const idOf = (event: APIGatewayProxyEventV2) =>
    `lambda#${event.headers['idempotency-key']}`.padEnd('lambda#'.length + 43, 'x');
  return {
    before: async ({ event }) => {
      const now = Date.now();
      const nowSeconds = Math.floor(now / 1000);
      const record = {
        id: idOf(event),
        status: 'INPROGRESS',
        owner,
        attempt: 1,
        fingerprint,
        leaseEndsAtMs: now + LEASE_MS,
        expiresAtSeconds: nowSeconds + RETENTION_SECONDS,
      } as const;
      return answerOfDuplicate(api.putItem(acquirePut(tableName, record, nowSeconds)));
    },
    after: async ({ event, response }) => {
      const expiresAtSeconds = Math.floor(Date.now() / 1000) + RETENTION_SECONDS;
      const data = { S: JSON.stringify(response) };
      await api.updateItem(
        completionUpdate(tableName, { id: idOf(event), owner }, { expiresAtSeconds }, { data }),
      );
    },
  };
}

/** What a refused put brings back; `undefined`, with which Middy goes on, for one that was granted. */
async function answerOfDuplicate(put: Promise<unknown>): Promise<unknown> {
  try {
    await put;
    return undefined;
  } catch (error) {
    const { name, Item: item } = error as ConditionalCheckFailedException;
    if (name !== 'ConditionalCheckFailedException') throw error;
    return JSON.parse(item?.['data']?.S ?? 'null');
  }
}
