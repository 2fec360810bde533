/**
 * What the store asks of DynamoDB: five operations in DynamoDB's own words, and nothing of how they get there. The types are
 * the SDK's, and no value of it is imported here or by whoever speaks through this port.
 */
import type {
  CancellationReason,
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  TransactWriteItemsCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './dynamodb-record.ts';

/**
 * One try of the store's: retries below it are the implementation's business. A refusal of DynamoDB's is thrown as an error
 * with its code as the `name`, and with what came with it as members (`Item`, `CancellationReasons`).
 */
export interface DynamoDbApi {
  putItem(input: PutItemCommandInput): Promise<WriteReply>;
  updateItem(input: UpdateItemCommandInput): Promise<WriteReply>;
  deleteItem(input: DeleteItemCommandInput): Promise<WriteReply>;
  getItem(input: GetItemCommandInput): Promise<ReadReply>;
  transactWriteItems(input: TransactWriteItemsCommandInput): Promise<unknown>;
}

export interface WriteReply {
  readonly Attributes?: Item | undefined;
}

export interface ReadReply {
  readonly Item?: Item | undefined;
}

export interface FailedCondition extends Error {
  /** What stood in the way, from an engine that returns it. */
  readonly Item?: Item | undefined;
}

export interface CanceledTransaction extends Error {
  CancellationReasons?: CancellationReason[] | undefined;
}

// By name: `instanceof` would ask which copy of which client has made the error.

export function isFailedCondition(error: unknown): error is FailedCondition {
  return nameOf(error) === 'ConditionalCheckFailedException';
}

export function isCanceledTransaction(error: unknown): error is CanceledTransaction {
  return nameOf(error) === 'TransactionCanceledException';
}

/** A transaction is at the item of a single write. */
export function isTransactionConflict(error: unknown): boolean {
  return nameOf(error) === 'TransactionConflictException';
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
