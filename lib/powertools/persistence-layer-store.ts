import { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import type {
  BasePersistenceLayer,
  IdempotencyRecord as PowertoolsRecord,
} from '@aws-lambda-powertools/idempotency/persistence';
import {
  ConfigurationError,
  IdempotencyError,
  ResultTooLargeError,
  StoreError,
} from '../idempotency/errors.ts';
import { rejectUnknown } from '../idempotency/unknown-options.ts';
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  Lease,
  Ownership,
  StorePromises,
  TakeOverOutcome,
  WriteOutcome,
} from '../stores/idempotency-store.ts';
import { causeWithoutItems } from '../stores/reply-error.ts';
import { completedForLayer, lockForLayer, recordFromLayer } from './layer-record.ts';

/** Of `fromPersistenceLayer`. */
export interface PersistenceLayerStoreOptions {
  /**
   * What happens to a key whose lease is over and whose attempt has not said how it ended. `'block'` holds it until its
   * record expires, and needs `onUncertain: 'block'`. `'take-over'` leaves it to the layer's `_putRecord`, which has to
   * replace a lapsed lock in one conditional write: `DynamoDBPersistenceLayer` does, `CachePersistenceLayer` does not.
   * @defaultValue 'block'
   */
  readonly lapsedLeases?: 'block' | 'take-over';
  /**
   * Largest result, in UTF-8 bytes of its JSON; larger ones consume their keys without it.
   * @defaultValue 358400 (350 KB: what DynamoDB takes as an item, less the rest of it)
   */
  readonly maxResultBytes?: number;
}

/** A store that cannot promise what the port does: a layer's writes are not conditional on the owner. */
export interface PersistenceLayerStore extends IdempotencyStore {
  readonly promises: StorePromises & {
    readonly ownerConditional: false;
    readonly renews: false;
    readonly recordsSteps: false;
  };
}

const DEFAULT_MAX_RESULT_BYTES = 350 * 1024;

/**
 * A delete that is held up (the SDK's tries together take seconds) must not arrive when the lease is over and the key is
 * somebody else's. What is left when less than this is left lapses by itself.
 */
const RELEASE_MARGIN_MS = 5000;

/** Protected in its declaration, and what a layer of the user's own has to implement: the interface that there is. */
interface LayerMethods {
  _putRecord(record: PowertoolsRecord): Promise<void>;
  _getRecord(id: string): Promise<PowertoolsRecord>;
  _updateRecord(record: PowertoolsRecord): Promise<void>;
  _deleteRecord(record: PowertoolsRecord): Promise<void>;
}

/**
 * Any persistence layer of Powertools as a store: its cache layer, or one of your own. The layer must be new, and used for
 * nothing else: its records have a form of their own.
 *
 * What is promised less than with `DynamoDbStore` is in `promises`, and in docs/powertools.md. Where the layer would lead to a
 * second run, this store blocks; steps, commits, renewed leases and `strategy: 'single-write'` are refused.
 * @throws ConfigurationError on an unknown option, a layer that is in use, or a cache layer that shall take over
 */
export function fromPersistenceLayer(
  layer: BasePersistenceLayer,
  options: PersistenceLayerStoreOptions = {},
): PersistenceLayerStore {
  rejectUnknown(options, ['lapsedLeases', 'maxResultBytes'], { of: 'fromPersistenceLayer' });
  const { lapsedLeases = 'block', maxResultBytes = DEFAULT_MAX_RESULT_BYTES } = options;
  if (lapsedLeases !== 'block' && lapsedLeases !== 'take-over') {
    throw new ConfigurationError(
      'Option "lapsedLeases" of fromPersistenceLayer must be "block" or "take-over".',
    );
  }
  if (!Number.isSafeInteger(maxResultBytes) || maxResultBytes < 1) {
    throw new ConfigurationError(
      'Option "maxResultBytes" of fromPersistenceLayer must be a whole number of at least 1.',
    );
  }
  if (lapsedLeases === 'take-over' && isCacheLayer(layer)) {
    throw new ConfigurationError(
      'CachePersistenceLayer cannot take over: it replaces a lapsed lock by a write without a condition, over whatever its holder may have recorded meanwhile. Leave "lapsedLeases" at "block".',
    );
  }
  // The layers keep a hash only where the payload is to be validated. Nothing is ever validated by them.
  layer.configure({ config: new IdempotencyConfig({ payloadValidationJmesPath: '@' }) });
  if (!layer.isPayloadValidationEnabled()) {
    throw new ConfigurationError(
      'This persistence layer has been configured already. Give fromPersistenceLayer one of its own.',
    );
  }
  return new LayerStore(layer as unknown as LayerMethods, lapsedLeases === 'take-over', maxResultBytes);
}

class LayerStore implements PersistenceLayerStore {
  readonly promises;
  readonly maxResultBytes: number;
  readonly #layer: LayerMethods;

  constructor(layer: LayerMethods, takesOver: boolean, maxResultBytes: number) {
    this.#layer = layer;
    this.maxResultBytes = maxResultBytes;
    this.promises = Object.freeze({
      ownerConditional: false,
      takesOver,
      renews: false,
      recordsSteps: false,
    } as const);
  }

  async acquire(record: InProgressRecord, _nowSeconds: number): Promise<WriteOutcome> {
    if (this.promises.takesOver) {
      // The layer's put would replace a lapsed lock as if it were none, and nobody would be asked what became of it.
      const current = await this.read(record.id);
      if (current !== undefined) return { applied: false, current };
    }
    return this.#put(record);
  }

  async takeOver(record: InProgressRecord, lapsed: Lease): Promise<TakeOverOutcome> {
    const current = await this.read(record.id);
    const isUnchanged =
      current?.status === 'INPROGRESS' &&
      current.owner === lapsed.owner &&
      current.leaseEndsAtMs === lapsed.leaseEndsAtMs;
    if (!isUnchanged || !this.promises.takesOver) return { applied: false, current };
    const outcome = await this.#put(record);
    return outcome.applied ? { applied: true, record } : outcome;
  }

  async renew(): Promise<never> {
    throw new StoreError('A persistence layer of Powertools cannot change a lease; it ends by itself.');
  }

  async recordStep(): Promise<never> {
    throw new ConfigurationError('A persistence layer of Powertools cannot record steps.');
  }

  async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    const { result, expiresAtSeconds } = completion;
    if (result.kind === 'json' && Buffer.byteLength(result.json) > this.maxResultBytes) {
      throw new ResultTooLargeError();
    }
    const current = await this.read(ownership.id);
    if (!isLockOf(ownership, current)) return { applied: false, current };
    await this.#ask(() =>
      this.#layer._updateRecord(completedForLayer({ ...current, expiresAtSeconds }, result)),
    );
    return { applied: true };
  }

  async release(ownership: Ownership): Promise<WriteOutcome> {
    const current = await this.read(ownership.id);
    if (!isLockOf(ownership, current)) return { applied: false, current };
    if (current.leaseEndsAtMs - Date.now() < RELEASE_MARGIN_MS) {
      throw new StoreError(
        'The lease is about to end, and a layer of Powertools deletes whatever lock it finds: the key is left to lapse.',
      );
    }
    await this.#ask(() => this.#layer._deleteRecord(this.#lock(current)));
    return { applied: true };
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    try {
      return recordFromLayer(await this.#layer._getRecord(id));
    } catch (error) {
      if (nameOf(error) === 'IdempotencyItemNotFoundError') return undefined;
      throw storeError(error);
    }
  }

  async #put(record: InProgressRecord): Promise<WriteOutcome> {
    try {
      await this.#layer._putRecord(this.#lock(record));
      return { applied: true };
    } catch (error) {
      if (nameOf(error) !== 'IdempotencyItemAlreadyExistsError') throw storeError(error);
      const { existingRecord } = error as { readonly existingRecord?: PowertoolsRecord };
      const current =
        existingRecord === undefined ? await this.read(record.id) : recordFromLayer(existingRecord);
      return { applied: false, current };
    }
  }

  #lock(record: InProgressRecord): PowertoolsRecord {
    const { leaseEndsAtMs, expiresAtSeconds } = record;
    return lockForLayer(record, this.promises.takesOver ? leaseEndsAtMs : expiresAtSeconds * 1000);
  }

  async #ask(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      throw storeError(error);
    }
  }
}

function isLockOf(
  { owner }: Ownership,
  current: IdempotencyRecord | undefined,
): current is IdempotencyRecord & InProgressRecord {
  return current?.status === 'INPROGRESS' && current.owner === owner;
}

/** By name as well as by class: a bundle may have two copies of Powertools. */
function isCacheLayer(layer: object): boolean {
  for (let type = Object.getPrototypeOf(layer); type !== null; type = Object.getPrototypeOf(type)) {
    if (type.constructor?.name === 'CachePersistenceLayer') return true;
  }
  return false;
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

function storeError(error: unknown): Error {
  if (error instanceof IdempotencyError) return error;
  const cause = causeWithoutItems(error);
  // As DynamoDB says it; the bound above is that of the result alone.
  if (nameOf(error) === 'ValidationException' && /item size/i.test((error as Error).message)) {
    return new ResultTooLargeError({ cause });
  }
  return new StoreError(
    `The persistence layer did not complete a request (${nameOf(error) ?? 'unknown error'}).`,
    {
      cause,
    },
  );
}
