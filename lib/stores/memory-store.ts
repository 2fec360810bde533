import { CommitInvalidError, ConfigurationError, ResultTooLargeError } from '../idempotency/errors.ts';
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
import { ITEM_MAX_BYTES } from './item-size.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';
import type {
  FailedWrite,
  TransactionalStore,
  TransactionOutcome,
  WritesOutcome,
} from './transactional-store.ts';

/**
 * Stands for the tables that `commit` writes to: applies all of `writes` and returns an empty list, or applies none and
 * returns the places of those whose conditions do not hold. It runs at one go with the change of the record, so it must
 * not be asynchronous.
 */
export type ApplyWrites = (writes: readonly unknown[]) => readonly number[];

/**
 * A store in this process: for unit tests, examples and simulations. It behaves as the DynamoDB store does (the
 * same contract suite holds both), but two Lambda sandboxes share nothing through it, so it guards no deployment.
 * It keeps every record for the life of the process, as a table without TTL would.
 */
export class MemoryStore implements TransactionalStore {
  readonly maxResultBytes: number;
  readonly #records = new Map<string, IdempotencyRecord>();
  readonly #applyWrites: ApplyWrites | undefined;
  readonly #tokens = new Set<string>();

  /**
   * @param options.maxResultBytes - largest JSON result in UTF-8 bytes, by default the bound of the DynamoDB store
   * @param options.applyWrites - what becomes of the writes of `context.idempotency.commit`, in whatever form they are
   *   given. Without it, `commit` throws: there are no tables here, and writes must not seem to be applied.
   */
  constructor(options: { readonly maxResultBytes?: number; readonly applyWrites?: ApplyWrites } = {}) {
    this.maxResultBytes = options.maxResultBytes ?? RESULT_MAX_BYTES;
    this.#applyWrites = options.applyWrites;
  }

  // Each method runs to its end without an await inside, which is what makes it atomic.

  async acquire(record: InProgressRecord, nowSeconds: number): Promise<WriteOutcome> {
    const current = this.#records.get(record.id);
    if (current !== undefined && current.expiresAtSeconds >= nowSeconds) return { applied: false, current };
    return this.#put(record);
  }

  async takeOver(record: InProgressRecord, lapsed: Lease): Promise<TakeOverOutcome> {
    const current = this.#ownedLock(lapsed);
    if (current?.leaseEndsAtMs !== lapsed.leaseEndsAtMs) return this.#refused(record.id);
    const taken = current.steps === undefined ? record : { ...record, steps: current.steps };
    this.#put(taken);
    return { applied: true, record: taken };
  }

  async renew(lease: Lease, nextLeaseEndsAtMs: number): Promise<WriteOutcome> {
    const current = this.#ownedLock(lease);
    if (current?.leaseEndsAtMs !== lease.leaseEndsAtMs) return this.#refused(lease.id);
    return this.#put({ ...current, leaseEndsAtMs: nextLeaseEndsAtMs });
  }

  async recordStep(ownership: Ownership, name: string, json: string): Promise<WriteOutcome> {
    const lock = this.#ownedLock(ownership);
    if (lock === undefined) return this.#refused(ownership.id);
    const steps = { ...lock.steps, [name]: json };
    const bytes = Object.entries(steps).reduce((sum, step) => sum + Buffer.byteLength(step.join('')), 0);
    if (bytes > ITEM_MAX_BYTES) throw new ResultTooLargeError();
    return this.#put({ ...lock, steps: Object.freeze(steps) });
  }

  async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    this.#checkSize(completion);
    const lock = this.#ownedLock(ownership);
    return lock === undefined ? this.#refused(ownership.id) : this.#put(completed(lock, completion));
  }

  async release(ownership: Ownership): Promise<WriteOutcome> {
    if (this.#ownedLock(ownership) === undefined) return this.#refused(ownership.id);
    this.#records.delete(ownership.id);
    return { applied: true };
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    return this.#records.get(id);
  }

  prepareWrites(writes: readonly unknown[], _earlier: readonly unknown[]): readonly unknown[] {
    this.#tables();
    return copyOf(writes);
  }

  async completeWith(
    ownership: Ownership,
    completion: Completion,
    writes: readonly unknown[],
  ): Promise<TransactionOutcome> {
    this.#checkSize(completion);
    const lock = this.#ownedLock(ownership);
    if (lock === undefined) return { kind: 'record-refused', current: this.#records.get(ownership.id) };
    const outcome = this.#apply(writes);
    if (outcome.kind === 'applied') this.#put(completed(lock, completion));
    return outcome;
  }

  async putCompleted(
    record: CompletedRecord,
    nowSeconds: number,
    writes: readonly unknown[],
  ): Promise<TransactionOutcome> {
    const current = this.#records.get(record.id);
    this.#checkSize(record);
    if (current !== undefined && current.expiresAtSeconds >= nowSeconds) {
      return { kind: 'record-refused', current };
    }
    const outcome = this.#apply(writes);
    if (outcome.kind === 'applied') {
      const { remainderJson: _, ...kept } = record;
      this.#put(kept);
    }
    return outcome;
  }

  async write(writes: readonly unknown[], token: string): Promise<WritesOutcome> {
    if (this.#tokens.has(token)) return { kind: 'applied' };
    const outcome = this.#apply(writes);
    if (outcome.kind === 'applied') this.#tokens.add(token);
    return outcome;
  }

  #apply(writes: readonly unknown[]): WritesOutcome {
    const failed = writes.length === 0 ? [] : this.#tables()(writes);
    if (failed.length === 0) return { kind: 'applied' };
    return {
      kind: 'condition-failed',
      failed: failed.map((index): FailedWrite => ({ index, code: 'ConditionalCheckFailed' })),
    };
  }

  #tables(): ApplyWrites {
    if (this.#applyWrites !== undefined) return this.#applyWrites;
    throw new ConfigurationError(
      'commit() on a MemoryStore needs to be told what becomes of the writes: new MemoryStore({ applyWrites: (writes) => { ... } }).',
    );
  }

  #checkSize({ result }: Pick<Completion, 'result'>): void {
    if (result.kind === 'json' && Buffer.byteLength(result.json) > this.maxResultBytes) {
      throw new ResultTooLargeError();
    }
  }

  #ownedLock({ id, owner }: Ownership): IdempotencyRecord | undefined {
    const current = this.#records.get(id);
    return current?.status === 'INPROGRESS' && current.owner === owner ? current : undefined;
  }

  #refused(id: string) {
    return { applied: false, current: this.#records.get(id) } as const;
  }

  #put(record: IdempotencyRecord): WriteOutcome {
    this.#records.set(record.id, Object.freeze({ ...record }));
    return { applied: true };
  }
}

function completed(
  { steps: _dropped, ...record }: IdempotencyRecord,
  { result, expiresAtSeconds }: Completion,
): IdempotencyRecord {
  return { ...record, result, expiresAtSeconds, status: 'COMPLETED' };
}

function copyOf(writes: readonly unknown[]): readonly unknown[] {
  try {
    return structuredClone(writes);
  } catch (cause) {
    throw new CommitInvalidError('The writes hold something that is no data, such as a function.', { cause });
  }
}
