import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ConfigurationError, ResultTooLargeError, StoreError } from '../idempotency/errors.ts';
import {
  ATTRIBUTES,
  type Item,
  itemOf,
  RESULT_MAX_BYTES,
  recordOf,
  resultAttributes,
} from './dynamodb-record.ts';
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  LapsedLease,
  Ownership,
  WriteOutcome,
} from './idempotency-store.ts';
import { causeWithoutItems } from './reply-error.ts';

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
 * acquire brings back the record that it lost to), a takeover one more.
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
    const names: Record<string, string> = pick('#status', '#owner', '#expiration');
    const values: Item = {
      ...ownedLockValues(ownership),
      ':completed': { S: 'COMPLETED' },
      ':expiration': { N: String(completion.expiresAtSeconds) },
    };
    const assignments = ['#status = :completed', '#expiration = :expiration'];
    for (const [name, value] of Object.entries(resultAttributes(completion.result))) {
      names[`#${name}`] = name;
      values[`:${name}`] = value;
      assignments.push(`#${name} = :${name}`);
    }
    return this.#conditionally(
      ownership.id,
      new UpdateItemCommand({
        TableName: this.#tableName,
        Key: { [ATTRIBUTES.id]: { S: ownership.id } },
        UpdateExpression: `SET ${assignments.join(', ')}`,
        ConditionExpression: OWNED_LOCK,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
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
    try {
      const { Item: item } = await this.#client.send(
        new GetItemCommand({
          TableName: this.#tableName,
          Key: { [ATTRIBUTES.id]: { S: id } },
          ConsistentRead: true,
        }),
      );
      return item === undefined ? undefined : recordOf(item);
    } catch (error) {
      throw this.#storeError(error);
    }
  }

  async #conditionally(
    id: string,
    command: PutItemCommand | UpdateItemCommand | DeleteItemCommand,
  ): Promise<WriteOutcome> {
    try {
      // The union of commands fits no single overload of `send`; the three have the same shape of output here.
      await this.#client.send(command as PutItemCommand);
      return { applied: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw this.#storeError(error);
      // Without the old item, either there is none or the engine does not return it: only a read can tell.
      const current = error.Item === undefined ? await this.read(id) : recordOf(error.Item);
      return { applied: false, current };
    }
  }

  #storeError(error: unknown): Error {
    if (error instanceof StoreError) return error;
    const name = error instanceof Error ? error.name : 'unknown error';
    const cause = causeWithoutItems(error);
    if (name === 'ResourceNotFoundException') {
      return new StoreError(
        `The idempotency table "${this.#tableName}" does not exist in this account and region. Create it with the CDK construct IdempotencyTable, or with a string partition key "${ATTRIBUTES.id}" and TTL on "${ATTRIBUTES.expiration}".`,
        { cause },
      );
    }
    if (name === 'AccessDeniedException') {
      return new StoreError(
        `The function may not use the idempotency table "${this.#tableName}". It needs dynamodb:PutItem, UpdateItem, DeleteItem and GetItem on it (IdempotencyTable.grantIdempotency gives exactly these).`,
        { cause },
      );
    }
    // "Item size has exceeded the maximum allowed size" and "Item size to update has exceeded ...".
    if (name === 'ValidationException' && /item size/i.test((error as Error).message)) {
      return new ResultTooLargeError({ cause });
    }
    if (name === 'ValidationException') {
      return new StoreError(
        `DynamoDB refused a request for the idempotency table "${this.#tableName}" as not valid. The table needs a string partition key "${ATTRIBUTES.id}" and no sort key, as the CDK construct IdempotencyTable makes it.`,
        { cause },
      );
    }
    return new StoreError(`DynamoDB did not complete a request for the idempotency table (${name}).`, {
      cause,
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

function ownedLockValues({ owner }: Ownership): Item {
  return { ':owner': { S: owner }, ':inProgress': { S: 'INPROGRESS' } };
}
