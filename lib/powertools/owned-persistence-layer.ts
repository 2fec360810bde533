import { IdempotencyRecordStatus } from '@aws-lambda-powertools/idempotency';
import {
  BasePersistenceLayer,
  type IdempotencyRecord as PowertoolsRecord,
} from '@aws-lambda-powertools/idempotency/persistence';
import { withoutBody } from '../http/recorded-answer.ts';
import { type EarlyTimeoutWatch, watchEarlyTimeout } from '../idempotency/early-timeout.ts';
import {
  ConfigurationError,
  errorOf,
  OutcomeUnknownError,
  StoreError,
  SupersededError,
} from '../idempotency/errors.ts';
import { acquiredEvent, completedEvent } from '../idempotency/events.ts';
import { concludeResult } from '../idempotency/keyed-operation.ts';
import {
  type Attempt,
  claim,
  complete,
  giveBack,
  isKeptWhenGivenBack,
  type ProtocolSettings,
} from '../idempotency/protocol.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../stores/idempotency-store.ts';
import { AttemptsOfCalls, type Call } from './attempts-of-calls.ts';
import { alreadyExists, notFound } from './layer-errors.ts';
import { type OwnedPersistenceLayerOptions, resolveOwnedLayerOptions } from './owned-layer-options.ts';
import { replayedRecord } from './replayed-record.ts';
import { SharedTableStore } from './shared-table-store.ts';

type Payload = Parameters<BasePersistenceLayer['saveInProgress']>[0];

/**
 * A persistence layer for Powertools' own `makeIdempotent`, `makeHandlerIdempotent` and decorator, whose writes are
 * conditional on the attempt that makes them. Put it in the place of `DynamoDBPersistenceLayer`; everything else stays.
 *
 * ```ts
 * const persistenceStore = new OwnedPersistenceLayer({ tableName: 'idempotency' });
 * export const handler = middy(addToCart).use(makeHandlerIdempotent({ persistenceStore, config }));
 * ```
 *
 * - An attempt that has lost its lock changes nothing, and its caller is told (`SupersededError`, as the cause).
 * - A request that was refused deletes nothing, whatever the middleware asks for.
 * - A lost reply is not a conflict, neither of the write that acquires nor of that which completes.
 * - A result that could not be recorded is given to its caller all the same, and the key stays locked until its lock
 *   has run out. Results are JSON, of up to 6 MB; what is no JSON or larger still consumes its key.
 * - Records are those of Powertools, and one can go back to its own layer at any time.
 *
 * What no layer can do: read an HTTP header whatever its spelling, answer with problem documents, or tell an early
 * time-out of Middy's from an error but by the time. A durable execution that goes on in another process cannot prove that
 * it owns its lock; its completion throws.
 */
export class OwnedPersistenceLayer extends BasePersistenceLayer {
  readonly #store: IdempotencyStore;
  readonly #options: ReturnType<typeof resolveOwnedLayerOptions>;
  readonly #calls = new AttemptsOfCalls();
  readonly #timeouts = new WeakMap<Call, EarlyTimeoutWatch>();

  /** @throws ConfigurationError on an unknown option, or one of the wrong kind */
  constructor(options: OwnedPersistenceLayerOptions) {
    super();
    this.#options = resolveOwnedLayerOptions(options);
    this.#store = new SharedTableStore(options);
  }

  /** Acquires the key. Throws what Powertools makes a replay or a refusal of. */
  override async saveInProgress(data: Payload, remainingTimeInMillis?: number): Promise<void> {
    const call = this.#calls.begin(data);
    const timeout = watchEarlyTimeout(remainingTimeInMillis, this.#options.timeoutEarlyInMillis);
    this.#timeouts.set(call, timeout);
    try {
      // It makes key and hash, looks into the local cache, and comes to _putRecord before it first waits.
      await super.saveInProgress(data, remainingTimeInMillis);
    } catch (error) {
      timeout.end();
      this.#calls.refuse(call);
      throw error;
    }
  }

  /**
   * Completes the key, of which the payload need not make the same hash any more: middlewares may have changed it.
   * @throws SupersededError if another attempt has taken over
   */
  override async saveSuccess(data: Payload, result: Payload): Promise<void> {
    const found = this.#calls.succeeded(data);
    if (found.kind !== 'found') {
      throw new ConfigurationError(
        found.kind === 'none'
          ? 'No attempt of this process holds this key, so its result cannot be recorded. OwnedPersistenceLayer does not go together with durable functions, and needs the payload that was given to saveInProgress.'
          : 'Several attempts of this process were given this very payload, and nothing tells which of them has ended. Give each call a payload of its own.',
      );
    }
    const { call, attempt } = found;
    this.#end(call);
    const conclusion = concludeResult(result);
    if (conclusion.kind === 'record') await this.#complete(attempt, conclusion.result());
    else this.#options.notify({ type: 'in-doubt', ...named(attempt) });
  }

  /** Gives the key back if this call holds it, and changes nothing otherwise. Never throws. */
  override async deleteRecord(data: Payload): Promise<void> {
    const found = this.#calls.failed(data);
    if (found.kind !== 'found') return;
    const { call, attempt } = found;
    const mayStillRun = this.#timeouts.get(call)?.mayHaveFired();
    this.#end(call);
    if (mayStillRun) this.#options.notify({ type: 'in-doubt', ...named(attempt) });
    else await this.#giveBack(attempt);
  }

  /** Called by `saveInProgress`, with the record as Powertools would put it. */
  protected override async _putRecord(record: PowertoolsRecord): Promise<void> {
    const { idempotencyKey: id, payloadHash: fingerprint = '', inProgressExpiryTimestamp } = record;
    const { clockSkewMs, newOwner, notify } = this.#options;
    const call = this.#calls.current;
    let seen: IdempotencyRecord | undefined;
    const settings = {
      ...this.#settings(),
      remember: (current: IdempotencyRecord) => {
        seen = current;
      },
    };
    // Where Powertools knows of no end, its own lock lasts until the record expires.
    const endsAtMs = inProgressExpiryTimestamp ?? Date.now() + this.getExpiresAfterSeconds() * 1000;
    const lock = { id, fingerprint, leaseEndsAtMs: Math.ceil(endsAtMs) + clockSkewMs };
    const owner = call?.ownerOf(lock, Date.now(), newOwner) ?? newOwner();
    const claimed = await claim(settings, { ...lock, owner });
    switch (claimed.kind) {
      case 'acquired': {
        const { attempt } = claimed;
        if (call !== undefined) this.#calls.grant(call, attempt);
        notify(acquiredEvent(attempt, claimed.leaseEndedAtMs));
        return;
      }
      case 'uncertain':
        notify({ type: 'uncertain', id });
        throw new OutcomeUnknownError();
      case 'completed':
        notify({ type: 'replayed', id, from: 'store' });
        throw alreadyExists(seen && replayedRecord(seen));
      case 'in-progress':
        notify({ type: 'in-progress', id, retryAfterMs: claimed.retryAfterMs });
        throw alreadyExists(seen && replayedRecord(seen));
      case 'mismatch':
        notify({ type: 'mismatch', id, from: 'store' });
        throw alreadyExists(seen && replayedRecord(seen));
    }
  }

  /** Called by `getRecord`, where a refusal came without the record. */
  protected override async _getRecord(idempotencyKey: string): Promise<PowertoolsRecord> {
    const record = await this.#store.read(idempotencyKey);
    if (record === undefined) throw notFound();
    return replayedRecord(record);
  }

  /** `saveSuccess` and `deleteRecord` are this layer's own; what a subclass sends past them has no proof of ownership. */
  protected override async _updateRecord(record: PowertoolsRecord): Promise<void> {
    throw withoutOwner(record);
  }

  /** As `_updateRecord`. */
  protected override async _deleteRecord(record: PowertoolsRecord): Promise<void> {
    throw withoutOwner(record);
  }

  async #complete(attempt: Attempt, result: Parameters<typeof complete>[2]): Promise<void> {
    const { notify } = this.#options;
    try {
      const settlement = await complete(this.#settings(), attempt, result, withoutBody);
      if (settlement.kind === 'settled') {
        notify(completedEvent(named(attempt), settlement.omission));
        return;
      }
      notify({ type: 'superseded', ...named(attempt) });
      const { current } = settlement;
      // Where all retention was over, the key may have begun another life with another payload: no successor of ours.
      if (current?.fingerprint !== attempt.fingerprint) return;
      // The caller gets what is recorded when it comes again; its own result is not the truth about the key any more.
      throw new SupersededError(Math.max(current.leaseEndsAtMs - Date.now(), 0));
    } catch (error) {
      if (error instanceof SupersededError) throw error;
      notify({ type: 'store-failed', id: attempt.id, during: 'complete', error: errorOf(error) });
      if (error instanceof StoreError && error.keyConsumed) throw error;
      // The work is done, so its answer goes out; the key stays in doubt until the lock has run out.
    }
  }

  async #giveBack(attempt: Attempt): Promise<void> {
    const { notify } = this.#options;
    try {
      const settlement = await giveBack(this.#settings(), attempt);
      const type = isKeptWhenGivenBack(attempt) ? 'suspended' : 'released';
      notify({ type: settlement.kind === 'settled' ? type : 'superseded', ...named(attempt) });
    } catch (error) {
      // Whatever made the handler fail came first, and is what the caller must see.
      notify({ type: 'store-failed', id: attempt.id, during: 'release', error: errorOf(error) });
    }
  }

  #end(call: Call): void {
    this.#timeouts.get(call)?.end();
    this.#calls.end(call);
  }

  #settings(): ProtocolSettings {
    const { onUncertain, clockSkewMs, newOwner } = this.#options;
    return {
      store: this.#store,
      now: Date.now,
      newOwner,
      retentionSeconds: this.getExpiresAfterSeconds(),
      clockSkewMs,
      onUncertain,
    };
  }
}

function named({ id, attempt }: Attempt): { readonly id: string; readonly attempt: number } {
  return { id, attempt };
}

function withoutOwner(record: PowertoolsRecord): ConfigurationError {
  const action = record.getStatus() === IdempotencyRecordStatus.COMPLETED ? 'completed' : 'deleted';
  return new ConfigurationError(
    `A record of OwnedPersistenceLayer is ${action} by saveSuccess and deleteRecord alone, which know whose it is.`,
  );
}
