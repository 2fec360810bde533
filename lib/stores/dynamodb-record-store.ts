import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { marshallOptions as MarshallOptions } from '@aws-sdk/util-dynamodb';
import {
  ConfigurationError,
  IdempotencyError,
  ResultTooLargeError,
  StoreError,
} from '../idempotency/errors.ts';
import {
  type DynamoDbApi,
  isFailedCondition,
  isTransactionConflict,
  type WriteReply,
} from './dynamodb-api.ts';
import { ATTRIBUTES, type Item } from './dynamodb-record.ts';
import {
  acquirePut,
  completedPut,
  completionUpdate,
  keyOf,
  releaseDelete,
  renewalUpdate,
  stepUpdate,
  takeOverUpdate,
} from './dynamodb-requests.ts';
import { OWN_FORMAT, type RecordFormat, recordOf, type StoredResult } from './dynamodb-result.ts';
import { type Transaction, transact } from './dynamodb-transaction.ts';
import type {
  CompletedRecord,
  Completion,
  IdempotencyRecord,
  InProgressRecord,
  Lease,
  Ownership,
  TakeOverOutcome,
  WriteOutcome,
} from './idempotency-store.ts';
import { type PreparedWrite, prepareDocumentWrites } from './prepared-writes.ts';
import { causeWithoutItems } from './reply-error.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';
import type { TransactionalStore, TransactionOutcome, WritesOutcome } from './transactional-store.ts';

export interface DynamoDbRecordStoreOptions {
  /** Table with the string partition key `id` and TTL on `expiration`. */
  readonly tableName: string;
  /** How requests reach DynamoDB, and are tried again. */
  readonly api: DynamoDbApi;
  /** How JavaScript values become attributes in `commit`. */
  readonly marshallOptions?: MarshallOptions | undefined;
  /** How results lie in the table. @defaultValue this library's own form */
  readonly format?: RecordFormat | undefined;
}

type RefusedWrite = Extract<WriteOutcome, { applied: false }>;

/**
 * While a transaction is at the record (a commit, of this attempt's predecessor or successor, too), DynamoDB refuses single
 * writes to it. That takes milliseconds, but clients do not try again by themselves, as they do for other refusals.
 */
const CONFLICT_TRIES_MAX = 3;
const CONFLICT_WAIT_MAX_MS = 25;

/**
 * Records in one DynamoDB table. A first run costs two requests (acquire, complete), a duplicate one (the refused
 * acquire brings back the record that it lost to), a takeover one more. A result that is long even when compressed
 * costs one more for each of its chunks.
 */
export class DynamoDbRecordStore implements TransactionalStore<PreparedWrite> {
  readonly maxResultBytes = RESULT_MAX_BYTES;
  readonly #api: DynamoDbApi;
  readonly #tableName: string;
  readonly #marshallOptions: MarshallOptions | undefined;
  readonly #format: RecordFormat;

  /** @throws ConfigurationError if there is no table name */
  constructor({ tableName, api, marshallOptions, format = OWN_FORMAT }: DynamoDbRecordStoreOptions) {
    if (typeof tableName !== 'string' || tableName === '') {
      throw new ConfigurationError(
        'A store in DynamoDB needs `tableName`, the name of the idempotency table. In a function made by the CDK construct it is process.env.IDEMPOTENCY_TABLE.',
      );
    }
    this.#tableName = tableName;
    this.#api = api;
    this.#marshallOptions = marshallOptions;
    this.#format = format;
  }

  async acquire(record: InProgressRecord, nowSeconds: number): Promise<WriteOutcome> {
    const request = acquirePut(this.#tableName, record, nowSeconds);
    return this.#write(record.id, () => this.#api.putItem(request));
  }

  async takeOver(record: InProgressRecord, lapsed: Lease): Promise<TakeOverOutcome> {
    const request = takeOverUpdate(this.#tableName, record, lapsed);
    const outcome = await this.#conditionally(record.id, () => this.#api.updateItem(request));
    if (!outcome.applied) return outcome;
    // What was just written is INPROGRESS; without the attributes, as of an engine that does not return them, it is read.
    const written = await this.#found(record.id, outcome.attributes, undefined);
    return { applied: true, record: (written ?? record) as InProgressRecord };
  }

  async renew(lease: Lease, nextLeaseEndsAtMs: number): Promise<WriteOutcome> {
    const request = renewalUpdate(this.#tableName, lease, nextLeaseEndsAtMs);
    return this.#write(lease.id, () => this.#api.updateItem(request));
  }

  async recordStep(ownership: Ownership, name: string, json: string): Promise<WriteOutcome> {
    const request = stepUpdate(this.#tableName, ownership, name, json);
    return this.#write(ownership.id, () => this.#api.updateItem(request));
  }

  async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    const stored = await this.#stored(ownership, completion);
    const request = completionUpdate(this.#tableName, ownership, completion, stored.attributes);
    return this.#write(ownership.id, () => this.#api.updateItem(request), stored);
  }

  async release(ownership: Ownership): Promise<WriteOutcome> {
    const request = releaseDelete(this.#tableName, ownership);
    return this.#write(ownership.id, () => this.#api.deleteItem(request));
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    return this.#recordOf(await this.#readItem(id));
  }

  async #recordOf(item: Item | undefined, own?: StoredResult): Promise<IdempotencyRecord | undefined> {
    if (item === undefined) return undefined;
    return recordOf(item, (chunkId) => this.#readItem(chunkId), own, this.#format);
  }

  async #readItem(id: string): Promise<Item | undefined> {
    try {
      const { Item: item } = await this.#api.getItem({
        TableName: this.#tableName,
        Key: keyOf(id),
        ConsistentRead: true,
      });
      return item;
    } catch (error) {
      throw this.#storeError(error);
    }
  }

  prepareWrites(writes: readonly unknown[], earlier: readonly PreparedWrite[]): readonly PreparedWrite[] {
    return prepareDocumentWrites(writes, earlier, this.#marshallOptions);
  }

  async completeWith(
    ownership: Ownership,
    completion: Completion,
    writes: readonly PreparedWrite[],
  ): Promise<TransactionOutcome> {
    const own = await this.#stored(ownership, completion);
    const request = completionUpdate(this.#tableName, ownership, completion, own.attributes);
    const record = {
      id: ownership.id,
      item: { Update: request },
      carriesResult: completion.result.kind === 'json',
      own,
    };
    return this.#transact({ record, writes, token: randomUUID() });
  }

  async putCompleted(
    record: CompletedRecord,
    nowSeconds: number,
    writes: readonly PreparedWrite[],
  ): Promise<TransactionOutcome> {
    const own = await this.#stored(record, record);
    const request = completedPut(this.#tableName, record, nowSeconds, own.attributes);
    if (writes.length === 0) {
      // A single put costs half of what a transaction of one does.
      const outcome = await this.#write(record.id, () => this.#api.putItem(request), own);
      return outcome.applied ? { kind: 'applied' } : { kind: 'record-refused', current: outcome.current };
    }
    const { id, result } = record;
    return this.#transact({
      record: { id, item: { Put: request }, carriesResult: result.kind === 'json', own },
      writes,
      token: randomUUID(),
    });
  }

  async write(writes: readonly PreparedWrite[], token: string): Promise<WritesOutcome> {
    const outcome = await this.#transact({ writes, token });
    // There is no record in it that could have been refused.
    return outcome as WritesOutcome;
  }

  /** The result as the record will have it. Its chunks, if it has any, are there already. */
  async #stored(ownership: Ownership, completion: Completion): Promise<StoredResult> {
    const stored = await this.#format.storedResult(ownership, completion);
    // Stryker disable next-line ConditionalExpression,EqualityOperator: where there are none to put, it comes to the same
    if (stored.chunks.length > 0) await this.#putChunks(stored.chunks);
    return stored;
  }

  /**
   * Writes all, or throws {@link ResultTooLargeError}: a result whose chunks are refused (they take hundreds of units
   * at a time, and may be throttled where the completion is not) must not keep its key from being consumed. Waits
   * for every request to end, since a sandbox may be frozen right afterwards.
   */
  async #putChunks(chunks: readonly Item[]): Promise<void> {
    const outcomes = await Promise.allSettled(
      chunks.map((chunk) => this.#api.putItem({ TableName: this.#tableName, Item: chunk })),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw new ResultTooLargeError({ cause: this.#storeError(failure.reason) });
  }

  async #write(id: string, send: () => Promise<WriteReply>, own?: StoredResult): Promise<WriteOutcome> {
    const outcome = await this.#conditionally(id, send, own);
    return outcome.applied ? { applied: true } : outcome;
  }

  async #conditionally(
    id: string,
    send: () => Promise<WriteReply>,
    own?: StoredResult,
  ): Promise<{ readonly applied: true; readonly attributes: Item | undefined } | RefusedWrite> {
    for (let tries = 1; ; tries++) {
      try {
        const { Attributes: attributes } = await send();
        return { applied: true, attributes };
      } catch (error) {
        if (isFailedCondition(error)) {
          return { applied: false, current: await this.#found(id, error.Item, own) };
        }
        const isTransient = isTransactionConflict(error) && tries < CONFLICT_TRIES_MAX;
        if (!isTransient) throw this.#storeError(error);
        await pause(Math.random() * CONFLICT_WAIT_MAX_MS * 2 ** tries);
      }
    }
  }

  /** Without the old item, either there is none or the engine does not return it: only a read can tell. */
  async #found(
    id: string,
    item: Item | undefined,
    own: StoredResult | undefined,
  ): Promise<IdempotencyRecord | undefined> {
    return this.#recordOf(item ?? (await this.#readItem(id)), own);
  }

  async #transact(transaction: Transaction): Promise<TransactionOutcome> {
    try {
      const outcome = await transact(this.#api, transaction);
      if (outcome.kind !== 'record-refused') return outcome;
      const { kind, id, item } = outcome;
      // Stryker disable next-line OptionalChaining: there is one, for it has refused the transaction
      return { kind, current: await this.#found(id, item, transaction.record?.own) };
    } catch (error) {
      throw this.#storeError(
        error,
        ' The request was a transaction: it may as well be about a table of the writes in it.',
      );
    }
  }

  #storeError(error: unknown, addition = ''): Error {
    if (error instanceof IdempotencyError) return error;
    const name = error instanceof Error ? error.name : 'unknown error';
    const cause = causeWithoutItems(error);
    if (name === 'ResourceNotFoundException') {
      return new StoreError(
        `The idempotency table "${this.#tableName}" does not exist in this account and region. Create it with the CDK construct IdempotencyTable, or with a string partition key "${ATTRIBUTES.id}" and TTL on "${ATTRIBUTES.expiration}".${addition}`,
        { cause },
      );
    }
    if (name === 'AccessDeniedException') {
      return new StoreError(
        `The function may not use the idempotency table "${this.#tableName}". It needs dynamodb:PutItem, UpdateItem, DeleteItem and GetItem on it (IdempotencyTable.grantIdempotency gives exactly these).${addition}`,
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
