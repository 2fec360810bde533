/** The reasons as DynamoDB gives them, in combinations that no engine at hand brings about. */
import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { CommitInvalidError, ResultTooLargeError } from '../../../lib/idempotency/errors.ts';
import { invalidWrites, readCancellation } from '../../../lib/stores/cancelled-transaction.ts';

const ITEM = { id: { S: 'someone' }, secret: { S: 'SECRET' } };
const fine: CancellationReason = { Code: 'None' };
const condition = (): CancellationReason => ({ Code: 'ConditionalCheckFailed', Item: { ...ITEM } });
const conflict: CancellationReason = { Code: 'TransactionConflict' };

function cancelled(...reasons: readonly CancellationReason[]): TransactionCanceledException {
  return new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: {},
    CancellationReasons: [...reasons],
  });
}

describe('a cancelled transaction with the record as its first item', () => {
  const read = (...reasons: readonly CancellationReason[]) =>
    readCancellation(cancelled(...reasons), 'orders#1');

  test('is refused by the record, whatever else there is', () => {
    expect(read(condition(), condition(), conflict)).toEqual({
      kind: 'record-refused',
      id: 'orders#1',
      item: ITEM,
    });
    expect(read({ Code: 'ConditionalCheckFailed' }, fine)).toEqual({
      kind: 'record-refused',
      id: 'orders#1',
      item: undefined,
    });
  });

  test('proves nothing of the data while another transaction is at the record', () => {
    expect(read(conflict, condition())).toMatchObject({ kind: 'contended' });
    expect(read({ Code: 'ThrottlingError' }, condition())).toMatchObject({ kind: 'contended' });
  });

  test('names the writes whose conditions did not hold, counted without the record', () => {
    const cancellation = read(fine, fine, condition(), conflict, condition());
    expect(cancellation).toEqual({
      kind: 'condition-failed',
      failed: [
        { index: 1, code: 'ConditionalCheckFailed' },
        { index: 3, code: 'ConditionalCheckFailed' },
      ],
    });
  });

  test.each(['TransactionConflict', 'ProvisionedThroughputExceeded', 'ThrottlingError'])(
    'can be tried again after %s',
    (Code) => {
      expect(read(fine, fine, { Code })).toMatchObject({ kind: 'contended' });
    },
  );

  test('is invalid for its writes, or too large for its record', () => {
    expect(() => read(fine, fine, { Code: 'ValidationError' })).toThrow(CommitInvalidError);
    expect(() => read(fine, fine, { Code: 'ValidationError' })).toThrow(/write 1 of the transaction/);
    expect(() => read(fine, { Code: 'ItemCollectionSizeLimitExceeded' })).toThrow(CommitInvalidError);
    expect(() => read({ Code: 'ValidationError' }, fine)).toThrow(ResultTooLargeError);
    for (const reasons of [
      [fine, { Code: 'ValidationError' }],
      [{ Code: 'ValidationError' }, fine],
    ]) {
      const error = cancelled(...reasons);
      expect(() => readCancellation(error, 'orders#1')).toThrow(expect.objectContaining({ cause: error }));
    }
  });

  test('says nothing where there are no reasons, or none that is known', () => {
    expect(read()).toBeUndefined();
    const unexplained = new TransactionCanceledException({ message: 'cancelled', $metadata: {} });
    expect(readCancellation(unexplained, 'orders#1')).toBeUndefined();
    expect(read(fine, fine)).toBeUndefined();
    expect(read(fine, { Code: 'SomethingNew' })).toBeUndefined();
  });

  test('keeps no item on the exception, which may become the cause of an error that is logged', () => {
    const contended = readCancellation(cancelled(conflict, condition()), 'orders#1');
    expect(JSON.stringify(contended)).not.toMatch('SECRET');
    expect(contended).toMatchObject({
      cause: { CancellationReasons: [conflict, { Code: 'ConditionalCheckFailed' }] },
    });
  });
});

test('a transaction that is refused as a whole is said to be invalid as a whole', () => {
  const cause = new Error('Item size to update has exceeded the maximum allowed size');
  expect(invalidWrites(cause)).toMatchObject({
    message: expect.stringContaining('cannot apply the transaction as it is'),
    cause,
  });
});

test('the item that stood in the way is there for those who ask for it, and for no logger', () => {
  const cancellation = readCancellation(
    cancelled(condition(), { Code: 'ConditionalCheckFailed' }),
    undefined,
  );
  if (cancellation?.kind !== 'condition-failed') throw new Error('It was not refused for a condition.');
  const [asking, silent] = cancellation.failed;
  expect(asking?.item).toEqual({ id: 'someone', secret: 'SECRET' });
  expect(JSON.stringify(asking)).not.toMatch('SECRET');
  expect(silent).not.toHaveProperty('item');
});

test('a cancelled transaction without a record counts its writes from the first', () => {
  expect(readCancellation(cancelled(condition(), fine), undefined)).toEqual({
    kind: 'condition-failed',
    failed: [{ index: 0, code: 'ConditionalCheckFailed' }],
  });
});
