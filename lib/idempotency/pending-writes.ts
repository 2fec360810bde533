import type { DocumentWrite } from '../stores/document-write.ts';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { type FailedWrite, isTransactional, type TransactionalStore } from '../stores/transactional-store.ts';
import { CommitConditionError, ConfigurationError, StoreError } from './errors.ts';

/** Of `context.idempotency.commit`. */
export interface CommitOptions {
  /**
   * What the caller is answered when a condition of these writes does not hold, such as a 409 of the handler's own. The
   * answer is concluded as any other: below 500 it is recorded and replayed, and given only where it is recorded. No write is
   * applied. May return a promise.
   * @defaultValue the error is thrown, and the key given back
   */
  readonly onConditionFailed?: (error: CommitConditionError) => unknown;
}

/** Takes writes of the document client's form, or of whatever form the store takes. */
export type CommitFunction = (writes: readonly DocumentWrite[], options?: CommitOptions) => void;

interface Batch {
  readonly size: number;
  readonly onConditionFailed: CommitOptions['onConditionFailed'];
}

/** The writes that one run of a handler has asked for, until it has ended. */
export class PendingWrites {
  readonly #store: IdempotencyStore;
  readonly #batches: Batch[] = [];
  #prepared: readonly unknown[] = [];
  #isClosed = false;

  constructor(store: IdempotencyStore) {
    this.#store = store;
  }

  /** `context.idempotency.commit` */
  readonly add: CommitFunction = (writes, { onConditionFailed } = {}) => {
    if (this.#isClosed) {
      throw new ConfigurationError(
        'commit() was called when the handler had already ended, too late for its transaction. Await everything that leads to it before you return.',
      );
    }
    if (!Array.isArray(writes)) {
      throw new ConfigurationError('commit() takes an array of writes, such as [{ Put: { ... } }].');
    }
    if (onConditionFailed !== undefined && typeof onConditionFailed !== 'function') {
      throw new ConfigurationError(
        'The option `onConditionFailed` of commit() must be a function of the error that returns the answer.',
      );
    }
    const prepared = this.#transactionalStore().prepareWrites(writes, this.#prepared);
    this.#prepared = [...this.#prepared, ...prepared];
    this.#batches.push({ size: prepared.length, onConditionFailed });
  };

  /** The handler has ended: what comes now would not be part of the transaction. */
  close(): void {
    this.#isClosed = true;
  }

  get isEmpty(): boolean {
    return this.#prepared.length === 0;
  }

  /** For the transaction. Only a transactional store has let anything in here. */
  get transaction(): { readonly store: TransactionalStore; readonly writes: readonly unknown[] } {
    return { store: this.#transactionalStore(), writes: this.#prepared };
  }

  /** What the handler makes of `failed`. The first of them decides whose word counts; without one, it is the error. */
  async onConditionFailed(
    failed: readonly FailedWrite[],
  ): Promise<
    | { readonly kind: 'answer'; readonly answer: unknown }
    | { readonly kind: 'error'; readonly error: unknown }
  > {
    const error = new CommitConditionError(failed);
    const index = failed[0]?.index ?? 0;
    let end = 0;
    const batch = this.#batches.find(({ size }) => {
      end += size;
      return index < end;
    });
    if (batch?.onConditionFailed === undefined) return { kind: 'error', error };
    try {
      return { kind: 'answer', answer: await batch.onConditionFailed(error) };
    } catch (thrown) {
      return { kind: 'error', error: thrown };
    }
  }

  #transactionalStore(): TransactionalStore {
    if (isTransactional(this.#store)) return this.#store;
    throw new ConfigurationError(
      'commit() needs a store that can write the record and other items in one transaction, such as DynamoDbStore. A store of your own has to implement TransactionalStore.',
    );
  }
}

/** For an answer that would tell of a success although the invocation ended before its writes went out. */
export function writesNotCommitted(options: { readonly retryAfterMs?: number } = {}): StoreError {
  return new StoreError(
    'The invocation ended before the writes of its handler could be committed; none of them was.',
    options,
  );
}
