import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ConfigurationError, ResultTooLargeError, StoreError } from '../idempotency/errors.ts';
import { ATTRIBUTES, type Item, itemOf } from './dynamodb-record.ts';
import { recordOf, type StoredResult, storedResult } from './dynamodb-result.ts';
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  LapsedLease,
  Ownership,
  WriteOutcome,
} from './idempotency-store.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';

export interface DynamoDbStoreOptions {
  /** Table with the string partition key `id` and TTL on `expiration` (see `IdempotencyTable` of `./cdk`). */
  readonly tableName: string;
  /**
   * Client to use, for its region, endpoint, credentials, retries and time-outs.
   * @defaultValue a new client, as {@link createDefaultClient} makes it
   */
  readonly client?: DynamoDBClient;
}

// `status`, `owner` and `data` are among DynamoDB's reserved words, so every name goes in as a placeholder.
const NAME = {
  '#id': ATTRIBUTES.id,
  '#status': ATTRIBUTES.status,
  '#expiration': ATTRIBUTES.expiration,
  '#leaseEnd': ATTRIBUTES.leaseEnd,
  '#owner': ATTRIBUTES.owner,
} as const;

const OWNED_LOCK = '#status = :inProgress AND #owner = :owner';

/**
 * Records in one DynamoDB table. A first run costs two requests (acquire, complete), a duplicate one (the refused
 * acquire brings back the record that it lost to), a takeover one more. A result that is long even when compressed
 * costs one more for each of its chunks.
 */
export class DynamoDbStore implements IdempotencyStore {
  readonly maxResultBytes = RESULT_MAX_BYTES;
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  /** @throws ConfigurationError if there is no table name */
  constructor(options: DynamoDbStoreOptions) {
    if (typeof options.tableName !== 'string' || options.tableName === '') {
      throw new ConfigurationError(
        'DynamoDbStore needs `tableName`, the name of the idempotency table. In a function made by the CDK construct it is process.env.IDEMPOTENCY_TABLE.',
      );
    }
    this.#tableName = options.tableName;
    this.#client = options.client ?? createDefaultClient();
  }

  async acquire(record: InProgressRecord, nowSeconds: number): Promise<WriteOutcome> {
    return this.#conditionally(
      record.id,
      new PutItemCommand({
        TableName: this.#tableName,
        Item: itemOf(record),
        ConditionExpression: 'attribute_not_exists(#id) OR #expiration < :now',
        ExpressionAttributeNames: pick('#id', '#expiration'),
        ExpressionAttributeValues: { ':now': { N: String(nowSeconds) } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  }

  async takeOver(record: InProgressRecord, lapsed: LapsedLease): Promise<WriteOutcome> {
    return this.#conditionally(
      record.id,
      new PutItemCommand({
        TableName: this.#tableName,
        Item: itemOf(record),
        ConditionExpression: `${OWNED_LOCK} AND #leaseEnd = :leaseEnd`,
        ExpressionAttributeNames: pick('#status', '#owner', '#leaseEnd'),
        ExpressionAttributeValues: {
          ...ownedLockValues(lapsed),
          ':leaseEnd': { N: String(lapsed.leaseEndsAtMs) },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  }

  async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    const stored = await storedResult(ownership, completion);
    await this.#putChunks(stored.chunks);
    return this.#conditionally(
      ownership.id,
      new UpdateItemCommand({
        TableName: this.#tableName,
        ...completingUpdate(ownership, completion.expiresAtSeconds, stored.attributes),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      stored,
    );
  }

  async release(ownership: Ownership): Promise<WriteOutcome> {
    return this.#conditionally(
      ownership.id,
      new DeleteItemCommand({
        TableName: this.#tableName,
        Key: { [ATTRIBUTES.id]: { S: ownership.id } },
        ConditionExpression: OWNED_LOCK,
        ExpressionAttributeNames: pick('#status', '#owner'),
        ExpressionAttributeValues: ownedLockValues(ownership),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    return this.#recordOf(await this.#readItem(id));
  }

  async #recordOf(item: Item | undefined, own?: StoredResult): Promise<IdempotencyRecord | undefined> {
    return item === undefined ? undefined : recordOf(item, (chunkId) => this.#readItem(chunkId), own);
  }

  async #readItem(id: string): Promise<Item | undefined> {
    try {
      const { Item: item } = await this.#client.send(
        new GetItemCommand({
          TableName: this.#tableName,
          Key: { [ATTRIBUTES.id]: { S: id } },
          ConsistentRead: true,
        }),
      );
      return item;
    } catch (error) {
      throw this.#storeError(error);
    }
  }

  /**
   * Writes all, or throws {@link ResultTooLargeError}: a result whose chunks are refused (they take hundreds of units
   * at a time, and may be throttled where the completion is not) must not keep its key from being consumed. Waits
   * for every request to end, since a sandbox may be frozen right afterwards.
   */
  async #putChunks(chunks: readonly Item[]): Promise<void> {
    const outcomes = await Promise.allSettled(
      chunks.map((chunk) =>
        this.#client.send(new PutItemCommand({ TableName: this.#tableName, Item: chunk })),
      ),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw new ResultTooLargeError({ cause: this.#storeError(failure.reason) });
  }

  async #conditionally(
    id: string,
    command: PutItemCommand | UpdateItemCommand | DeleteItemCommand,
    own?: StoredResult,
  ): Promise<WriteOutcome> {
    try {
      // The union of commands fits no single overload of `send`; the three have the same shape of output here.
      await this.#client.send(command as PutItemCommand);
      return { applied: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw this.#storeError(error);
      // Without the old item, either there is none or the engine does not return it: only a read can tell.
      const item = error.Item ?? (await this.#readItem(id));
      return { applied: false, current: await this.#recordOf(item, own) };
    }
  }

  #storeError(error: unknown): Error {
    if (error instanceof StoreError) return error;
    const name = error instanceof Error ? error.name : 'unknown error';
    if (name === 'ResourceNotFoundException') {
      return new StoreError(
        `The idempotency table "${this.#tableName}" does not exist in this account and region. Create it with the CDK construct IdempotencyTable, or with a string partition key "${ATTRIBUTES.id}" and TTL on "${ATTRIBUTES.expiration}".`,
        { cause: error },
      );
    }
    if (name === 'AccessDeniedException') {
      return new StoreError(
        `The function may not use the idempotency table "${this.#tableName}". It needs dynamodb:PutItem, UpdateItem, DeleteItem and GetItem on it (IdempotencyTable.grantIdempotency gives exactly these).`,
        { cause: error },
      );
    }
    // "Item size has exceeded the maximum allowed size" and "Item size to update has exceeded ...".
    if (name === 'ValidationException' && /item size/i.test((error as Error).message)) {
      return new ResultTooLargeError({ cause: error });
    }
    return new StoreError(`DynamoDB did not complete a request for the idempotency table (${name}).`, {
      cause: error,
    });
  }
}

/**
 * The client that is used when none is given: the SDK's standard retries, and time-outs where the SDK has none, so
 * that a request which hangs is tried again within the seconds that a Lambda invocation has.
 */
export function createDefaultClient(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
  });
}

function pick(...placeholders: (keyof typeof NAME)[]): Record<string, string> {
  return Object.fromEntries(placeholders.map((placeholder) => [placeholder, NAME[placeholder]]));
}

/** The completion as `UpdateItem` takes it, and as an `Update` of a transaction would. */
function completingUpdate(ownership: Ownership, expiresAtSeconds: number, resultAttributes: Item) {
  const names: Record<string, string> = pick('#status', '#owner', '#expiration');
  const values: Item = {
    ...ownedLockValues(ownership),
    ':completed': { S: 'COMPLETED' },
    ':expiration': { N: String(expiresAtSeconds) },
  };
  const assignments = ['#status = :completed', '#expiration = :expiration'];
  for (const [name, value] of Object.entries(resultAttributes)) {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    assignments.push(`#${name} = :${name}`);
  }
  return {
    Key: { [ATTRIBUTES.id]: { S: ownership.id } },
    UpdateExpression: `SET ${assignments.join(', ')}`,
    ConditionExpression: OWNED_LOCK,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function ownedLockValues({ owner }: Ownership): Item {
  return { ':owner': { S: owner }, ':inProgress': { S: 'INPROGRESS' } };
}
