import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { ConfigurationError, StoreError } from '../idempotency/errors.ts';
import { ATTRIBUTES, type Item } from '../stores/dynamodb-record.ts';
import { createOwnClient } from '../stores/dynamodb-store.ts';
import { causeWithoutItems } from '../stores/reply-error.ts';
import { stateOf } from './dynamodb-lock-item.ts';
import {
  enqueueUpdate,
  firstTakeUpdate,
  leaveQueueUpdate,
  releaseUpdate,
  renewUpdate,
  takeUpdate,
} from './dynamodb-lock-requests.ts';
import type { LockState } from './lock-state.ts';
import type { LockStore, LockWrite, Taking } from './lock-store.ts';

export interface DynamoDbLockStoreOptions {
  /** Table with the string partition key `id` and TTL on `expiration`: the idempotency table, or one like it. */
  readonly tableName: string;
  /** @defaultValue a client of its own, as `createDefaultClient` makes it */
  readonly client?: DynamoDBClient;
}

/**
 * Locks in one DynamoDB table. A free place costs a read and a write, and a write to give it back; who waits in line pays a
 * write for the ticket and a read a look. Needs `dynamodb:GetItem` and `dynamodb:UpdateItem`, on ids that begin with `lock:`.
 */
export class DynamoDbLockStore implements LockStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  /** @throws ConfigurationError if there is no table name */
  constructor(options: DynamoDbLockStoreOptions) {
    if (typeof options.tableName !== 'string' || options.tableName === '') {
      throw new ConfigurationError('DynamoDbLockStore needs `tableName`, the name of the table for locks.');
    }
    this.#tableName = options.tableName;
    this.#client = options.client ?? createOwnClient();
  }

  async read(id: string): Promise<LockState | undefined> {
    try {
      const { Item: item } = await this.#client.send(
        new GetItemCommand({
          TableName: this.#tableName,
          Key: { [ATTRIBUTES.id]: { S: id } },
          ConsistentRead: true,
        }),
      );
      return item === undefined ? undefined : stateOf(item);
    } catch (error) {
      throw this.#storeError(error);
    }
  }

  async take({ seen, ...taking }: Taking): Promise<LockWrite> {
    const request =
      seen === undefined
        ? firstTakeUpdate(this.#tableName, taking)
        : takeUpdate(this.#tableName, { ...taking, seen });
    return withoutState(await this.#write(taking.id, request));
  }

  async enqueue(id: string, owner: string, queueMax: number) {
    return this.#write(id, enqueueUpdate(this.#tableName, id, owner, queueMax));
  }

  async leaveQueue(id: string, owner: string): Promise<LockWrite> {
    return withoutState(await this.#write(id, leaveQueueUpdate(this.#tableName, id, owner)));
  }

  async renew(
    id: string,
    owner: string,
    leaseEndsAtMs: number,
    expiresAtSeconds: number,
  ): Promise<LockWrite> {
    const request = renewUpdate(this.#tableName, id, owner, leaseEndsAtMs, expiresAtSeconds);
    return withoutState(await this.#write(id, request));
  }

  async release(id: string, owner: string, freedAtMs: number): Promise<LockWrite> {
    return withoutState(await this.#write(id, releaseUpdate(this.#tableName, id, owner, freedAtMs)));
  }

  async #write(
    id: string,
    request: UpdateItemCommandInput,
  ): Promise<LockWrite & { readonly state?: LockState }> {
    try {
      const { Attributes: item } = await this.#client.send(new UpdateItemCommand(request));
      return item === undefined ? { applied: true } : { applied: true, state: stateOf(item) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw this.#storeError(error);
      return { applied: false, current: await this.#found(id, error.Item) };
    }
  }

  /** Without the old item, either there is none or the engine does not return it: only a read can tell. */
  async #found(id: string, item: Item | undefined): Promise<LockState | undefined> {
    return item === undefined ? this.read(id) : stateOf(item);
  }

  #storeError(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    const name = error instanceof Error ? error.name : 'unknown error';
    const cause = causeWithoutItems(error);
    if (name === 'ResourceNotFoundException') {
      return new StoreError(
        `The table "${this.#tableName}" for locks does not exist in this account and region. Create it with the CDK construct IdempotencyTable, or with a string partition key "${ATTRIBUTES.id}" and TTL on "${ATTRIBUTES.expiration}".`,
        { cause },
      );
    }
    if (name === 'AccessDeniedException') {
      return new StoreError(
        `The function may not use locks in the table "${this.#tableName}". It needs dynamodb:GetItem and UpdateItem on it (IdempotencyTable.grantLocks gives exactly these).`,
        { cause },
      );
    }
    return new StoreError(`DynamoDB did not complete a request for locks (${name}).`, { cause });
  }
}

/** Only who joins the queue is told what there is. */
function withoutState(outcome: LockWrite): LockWrite {
  return outcome.applied ? { applied: true } : outcome;
}
