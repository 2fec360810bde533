/** What a refused TransactWriteItems says of each of its items. */
import type { CancellationReason } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { CommitInvalidError, ResultTooLargeError } from '../idempotency/errors.ts';
import type { CanceledTransaction } from './dynamodb-api.ts';
import type { Item } from './dynamodb-record.ts';
import type { FailedWrite } from './transactional-store.ts';

export type Cancellation =
  /** The record's own condition did not hold. */
  | { readonly kind: 'record-refused'; readonly id: string; readonly item: Item | undefined }
  | { readonly kind: 'condition-failed'; readonly failed: readonly FailedWrite[] }
  | { readonly kind: 'contended'; readonly cause: unknown };

/**
 * Codes of `CancellationReason` after which the same transaction may go through ("TransactWriteItems", API Reference). The
 * SDK does not try again for the sake of these, as it does when the whole request is throttled.
 */
const CONTENTION: readonly (string | undefined)[] = [
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
];

/**
 * Reads the reasons of a transaction whose first item is the record `id`, if there is one in it. `undefined` where they
 * do not say what stood in the way.
 * @throws CommitInvalidError, ResultTooLargeError
 */
export function readCancellation(
  error: CanceledTransaction,
  id: string | undefined,
): Cancellation | undefined {
  if (error.CancellationReasons === undefined) return undefined;
  const writes = [...error.CancellationReasons];
  const record = id === undefined ? undefined : writes.shift();
  // The record first, whatever else there is: under a lost lease, or a completed key, the data may well look different.
  // Stryker disable next-line ConditionalExpression: without an id there is no record, and the rest is false as well
  if (id !== undefined && record?.Code === 'ConditionalCheckFailed') {
    return { kind: 'record-refused', id, item: record.Item };
  }
  const failed = writes.flatMap((reason, index) =>
    reason.Code === 'ConditionalCheckFailed' ? [failedWrite(index, reason)] : [],
  );
  // From here on the exception may become the cause of another error, which loggers show.
  for (const reason of writes) delete reason.Item;

  if (record?.Code === 'ValidationError') throw new ResultTooLargeError({ cause: error });
  // Another transaction is at the record: until it is known how that ended, the other reasons prove nothing.
  if (CONTENTION.includes(record?.Code)) return { kind: 'contended', cause: error };

  if (failed.length > 0) return { kind: 'condition-failed', failed };
  const invalid = writes.findIndex(
    ({ Code: code }) => code === 'ValidationError' || code === 'ItemCollectionSizeLimitExceeded',
  );
  if (invalid !== -1) throw invalidWrites(error, invalid);
  if (writes.some(({ Code: code }) => CONTENTION.includes(code))) return { kind: 'contended', cause: error };
  return undefined;
}

/** What only DynamoDB can find: keys that it knows, sizes that an update makes, types that an expression needs. */
export function invalidWrites(cause: Error, index?: number): CommitInvalidError {
  const which = index === undefined ? 'the transaction' : `write ${index} of the transaction`;
  return new CommitInvalidError(
    `DynamoDB cannot apply ${which} as it is. Its own words are in the cause: look for a wrong key or expression, two writes to one item, an item over 400 KB, or more than 4 MB in all.`,
    { cause },
  );
}

function failedWrite(index: number, { Item: item }: CancellationReason): FailedWrite {
  const failed: FailedWrite = { index, code: 'ConditionalCheckFailed' };
  // Given to those who ask for it by name, and to no logger that prints whatever it finds.
  if (item !== undefined) Object.defineProperty(failed, 'item', { get: () => unmarshall(item) });
  return failed;
}
