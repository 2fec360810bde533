import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { marshallOptions as MarshallOptions } from '@aws-sdk/util-dynamodb';
import { DynamoDbRecordStore } from './dynamodb-record-store.ts';
import { sdkDynamoDbApi } from './sdk-dynamodb-api.ts';

/** Of `new DynamoDbStore(...)`. */
export interface DynamoDbStoreOptions {
  /** Table with the string partition key `id` and TTL on `expiration` (see `IdempotencyTable` of `./cdk`). */
  readonly tableName: string;
  /**
   * Client to use, for its region, endpoint, credentials, retries and time-outs.
   * @defaultValue a new client, as {@link createDefaultClient} makes it
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
  constructor({ tableName, client = createDefaultClient(), marshallOptions }: DynamoDbStoreOptions) {
    super({ tableName, api: sdkDynamoDbApi(client), marshallOptions });
  }
}

/**
 * The client that is used when none is given: the SDK's standard retries, and time-outs where the SDK has none, so
 * that a request which hangs is tried again within the seconds that a Lambda invocation has.
 *
 * Its middleware stack is put together once for each kind of request and not for each request (`cacheMiddleware`), which
 * takes a tenth of the client's CPU time away (docs/performance.md). Whoever adds to `middlewareStack`, as tracers do, does it
 * before the first request.
 *
 * @param config - goes before what is said above, member by member: a region, an endpoint, other time-outs
 */
export function createDefaultClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    cacheMiddleware: true,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
    ...config,
  });
}
