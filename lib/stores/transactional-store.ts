/**
 * The second half of the port, which a store may have or not: writes of the user's that are applied together with the
 * record, or not at all. Their form is the store's business; to the protocol they are opaque.
 */
import type {
  CompletedRecord,
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  Ownership,
} from './idempotency-store.ts';

/** A write whose own condition did not hold. */
export interface FailedWrite {
  /** Its place among all writes of the transaction, from 0, in the order in which they were given. */
  readonly index: number;
  readonly code: 'ConditionalCheckFailed';
  /** What stood in the way, if the write asked for it. A getter that is not enumerable: no logger shows it by itself. */
  readonly item?: unknown;
}

/**
 * The outcome of a transaction. In all but the first case nothing of it was applied. What the record says goes before
 * what the writes say: an attempt that has lost its lease must not conclude anything from the state of the data.
 */
export type TransactionOutcome =
  | { readonly kind: 'applied' }
  /** The condition on the record did not hold; `current` is the record as in a refused `WriteOutcome`. */
  | { readonly kind: 'record-refused'; readonly current: IdempotencyRecord | undefined }
  | { readonly kind: 'condition-failed'; readonly failed: readonly FailedWrite[] }
  /** Another transaction was at one of the items, or there was no capacity: the same may succeed a moment later. */
  | { readonly kind: 'contended'; readonly cause: unknown };

/** The outcome of a transaction without a record. */
export type WritesOutcome = Exclude<TransactionOutcome, { kind: 'record-refused' }>;

/**
 * Implementations throw {@link CommitInvalidError} where the writes can never be applied as they are (nothing was),
 * {@link ResultTooLargeError} where it is the record that does not fit (nothing was), and {@link StoreError} where they
 * cannot tell.
 */
export interface TransactionalStore<TWrite = unknown> extends IdempotencyStore {
  /**
   * Checks `writes` by themselves and beside `earlier` ones of the same transaction, and gives them in the form in which
   * the other methods take them: a copy, which later changes of the caller's objects do not reach. Sends nothing.
   * @throws CommitInvalidError, ConfigurationError
   */
  prepareWrites(writes: readonly unknown[], earlier: readonly TWrite[]): readonly TWrite[];

  /** As `complete`, with `writes` (one at least) in the same transaction. */
  completeWith(
    ownership: Ownership,
    completion: Completion,
    writes: readonly TWrite[],
  ): Promise<TransactionOutcome>;

  /**
   * Puts `record`, with `writes` (any number) in the same transaction, if there is none with its id, or only one whose
   * `expiresAtSeconds` lies before `nowSeconds`. A record that is there refuses it, `INPROGRESS` or `COMPLETED`.
   */
  putCompleted(
    record: CompletedRecord,
    nowSeconds: number,
    writes: readonly TWrite[],
  ): Promise<TransactionOutcome>;

  /**
   * `writes` (one at least) in one transaction of their own. `token` (at most 36 characters) is new for each transaction:
   * what is sent again with the same one, because a reply was lost, is not applied twice.
   */
  write(writes: readonly TWrite[], token: string): Promise<WritesOutcome>;
}

export function isTransactional(store: IdempotencyStore): store is TransactionalStore {
  const methods = ['prepareWrites', 'completeWith', 'putCompleted', 'write'] as const;
  return methods.every((name) => typeof (store as Partial<TransactionalStore>)[name] === 'function');
}
