import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { marshallOptions as MarshallOptions } from '@aws-sdk/util-dynamodb';
import { DynamoDbRecordStore } from './dynamodb-record-store.ts';
import { sdkDynamoDbApi } from './sdk-dynamodb-api.ts';

/** Of `new DynamoDbStore(...)`. */
export interface DynamoDbStoreOptions {
  /** Table with the string partition key `id` and TTL on `expiration` (see `IdempotencyTable` of `./cdk`). */
  readonly tableName: string;
  /**
   * Client to use, for its region, endpoint, credentials, retries and time-outs. Give one that nothing else uses `cacheMiddleware: true`.
   * @defaultValue a client of its own, as {@link createDefaultClient} makes it
   */
  readonly client?: DynamoDBClient;
  /**
   * How JavaScript values become attributes in `context.idempotency.commit`; the same as `marshallOptions` of
   * `DynamoDBDocumentClient.from(client, { marshallOptions })`.
   * @defaultValue those of the document client: undefined members, class instances and imprecise numbers are refused
   */
  readonly marshallOptions?: MarshallOptions;
}

/**
 * Records in one DynamoDB table, through the AWS SDK. A first run costs two requests (acquire, complete), a duplicate one
 * (the refused acquire brings back the record that it lost to), a takeover one more. A result that is long even when
 * compressed costs one more for each of its chunks.
 */
export class DynamoDbStore extends DynamoDbRecordStore {
  /** @throws ConfigurationError if there is no table name */
  constructor({ tableName, client = createOwnClient(), marshallOptions }: DynamoDbStoreOptions) {
    super({ tableName, api: sdkDynamoDbApi(client), marshallOptions });
  }
}

/**
 * A client as a store makes it for itself: the SDK's standard retries, and time-outs where the SDK has none, so
 * that a request which hangs is tried again within the seconds that a Lambda invocation has.
 *
 * A store's own also has `cacheMiddleware: true`, with which the SDK puts its middleware together once for each kind of
 * request and not for each request: a tenth of the client's CPU time (docs/performance.md). Not here, for
 * `DynamoDBDocumentClient` refuses such a client, and middlewares that are added after the first request would not be seen.
 *
 * @param config - goes before what is said above, member by member: a region, an endpoint, other time-outs
 */
export function createDefaultClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
    ...config,
  });
}

/** For a store that keeps it to itself. */
export function createOwnClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return createDefaultClient({ cacheMiddleware: true, ...config });
}
