import { ResultTooLargeError } from '../idempotency/errors.ts';
import { RESULT_MAX_BYTES } from './dynamodb-record.ts';
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  LapsedLease,
  Ownership,
  WriteOutcome,
} from './idempotency-store.ts';

/**
 * A store in this process: for unit tests, examples and simulations. It behaves as the DynamoDB store does (the
 * same contract suite holds both), but two Lambda sandboxes share nothing through it, so it guards no deployment.
 * It keeps every record for the life of the process, as a table without TTL would.
 */
export class MemoryStore implements IdempotencyStore {
  readonly maxResultBytes: number;
  readonly #records = new Map<string, IdempotencyRecord>();

  /**
   * @param options.maxResultBytes - largest JSON result in UTF-8 bytes.
   * @defaultValue the bound of the DynamoDB store
   */
  constructor(options: { readonly maxResultBytes?: number } = {}) {
    this.maxResultBytes = options.maxResultBytes ?? RESULT_MAX_BYTES;
  }

  // Each method runs to its end without an await inside, which is what makes it atomic.

  async acquire(record: InProgressRecord, nowSeconds: number): Promise<WriteOutcome> {
    const current = this.#records.get(record.id);
    if (current !== undefined && current.expiresAtSeconds >= nowSeconds) return { applied: false, current };
    return this.#put(record);
  }

  async takeOver(record: InProgressRecord, lapsed: LapsedLease): Promise<WriteOutcome> {
    const isUnchanged = this.#ownedLock(lapsed)?.leaseEndsAtMs === lapsed.leaseEndsAtMs;
    return isUnchanged ? this.#put(record) : this.#refused(record.id);
  }

  async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    const { result } = completion;
    if (result.kind === 'json' && Buffer.byteLength(result.json) > this.maxResultBytes) {
      throw new ResultTooLargeError();
    }
    const lock = this.#ownedLock(ownership);
    if (lock === undefined) return this.#refused(ownership.id);
    return this.#put({ ...lock, ...completion, status: 'COMPLETED' });
  }

  async release(ownership: Ownership): Promise<WriteOutcome> {
    if (this.#ownedLock(ownership) === undefined) return this.#refused(ownership.id);
    this.#records.delete(ownership.id);
    return { applied: true };
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    return this.#records.get(id);
  }

  #ownedLock({ id, owner }: Ownership): IdempotencyRecord | undefined {
    const current = this.#records.get(id);
    return current?.status === 'INPROGRESS' && current.owner === owner ? current : undefined;
  }

  #refused(id: string): WriteOutcome {
    return { applied: false, current: this.#records.get(id) };
  }

  #put(record: IdempotencyRecord): WriteOutcome {
    this.#records.set(record.id, Object.freeze({ ...record }));
    return { applied: true };
  }
}
