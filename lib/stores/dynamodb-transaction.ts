/** One TransactWriteItems: the record first, the user's writes behind it. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { ResultTooLargeError } from '../idempotency/errors.ts';
import { type Cancellation, invalidWrites, readCancellation } from './cancelled-transaction.ts';
import { type DynamoDbApi, isCanceledTransaction } from './dynamodb-api.ts';
import type { StoredResult } from './dynamodb-result.ts';
import type { PreparedWrite } from './prepared-writes.ts';

export interface Transaction {
  /** Absent where the writes go out alone. */
  readonly record?: {
    readonly id: string;
    readonly item: TransactWriteItem;
    /** Whether it has a result that could be left out. */
    readonly carriesResult: boolean;
    /** What it would have as its result, so that a refusal by itself is known without reading that again. */
    readonly own: StoredResult;
  };
  readonly writes: readonly PreparedWrite[];
  /**
   * At most 36 characters. The client library sends it with each of its tries. DynamoDB knows it again for ten minutes and
   * does not apply a second try; one that comes even later is refused by the condition on the record.
   */
  readonly token: string;
}

/** @throws CommitInvalidError, ResultTooLargeError, or what the client threw if that does not say what happened */
export async function transact(
  api: DynamoDbApi,
  { record, writes, token }: Transaction,
): Promise<{ readonly kind: 'applied' } | Cancellation> {
  try {
    await api.transactWriteItems({
      TransactItems: [
        ...(record === undefined ? [] : [record.item]),
        ...writes.map(({ request }) => request),
      ],
      ClientRequestToken: token,
    });
    return { kind: 'applied' };
  } catch (error) {
    if (isCanceledTransaction(error)) {
      const cancellation = readCancellation(error, record?.id);
      if (cancellation !== undefined) return cancellation;
      throw error;
    }
    if (!(error instanceof Error) || error.name !== 'ValidationException') throw error;
    // It does not say which item is too large, or what share the record has in the sum. If it is not the record, the
    // same is refused once more without the result.
    if (record?.carriesResult && /size/i.test(error.message)) throw new ResultTooLargeError({ cause: error });
    throw invalidWrites(error);
  }
}
