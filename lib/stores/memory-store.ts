import { ResultTooLargeError } from '../idempotency/errors.ts';
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  LapsedLease,
  Ownership,
  WriteOutcome,
} from './idempotency-store.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';

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
    const current = this.#records.get(record.id);
    const unchanged = this.#isOwnedLock(lapsed) && current?.leaseEndsAtMs === lapsed.leaseEndsAtMs;
    return unchanged ? this.#put(record) : { applied: false, current };
  }

  async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    const current = this.#records.get(ownership.id);
    const { result, expiresAtSeconds } = completion;
    if (result.kind === 'json' && Buffer.byteLength(result.json) > this.maxResultBytes) {
      throw new ResultTooLargeError();
    }
    if (current === undefined || !this.#isOwnedLock(ownership)) return { applied: false, current };
    return this.#put({ ...current, result, expiresAtSeconds, status: 'COMPLETED' });
  }

  async release(ownership: Ownership): Promise<WriteOutcome> {
    if (!this.#isOwnedLock(ownership)) return { applied: false, current: this.#records.get(ownership.id) };
    this.#records.delete(ownership.id);
    return { applied: true };
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    return this.#records.get(id);
  }

  #isOwnedLock({ id, owner }: Ownership): boolean {
    const current = this.#records.get(id);
    return current?.status === 'INPROGRESS' && current.owner === owner;
  }

  #put(record: IdempotencyRecord): WriteOutcome {
    this.#records.set(record.id, Object.freeze({ ...record }));
    return { applied: true };
  }
}
