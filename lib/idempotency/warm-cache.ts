/**
 * Completed records that this process has seen: a duplicate that comes to the same sandbox is answered from here, and
 * costs no request. What is in it is what the store holds, because a completed record is final until it expires, and
 * nothing else is ever put in. Locks, leases and takeovers are the store's alone.
 *
 * Each guard has a cache of its own, as it has one store and one namespace, so that no two of these can be mixed up.
 */
import type { LRUCache } from 'lru-cache';
import type { IdempotencyRecord } from '../stores/idempotency-store.ts';
import type { CacheLimits } from './cache-limits.ts';
import type { Claim } from './protocol.ts';
import { isExpired } from './record.ts';

export interface WarmCacheSettings {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly clockSkewMs: number;
}

/** What V8 takes for an entry beside its characters: measured 720 bytes, with two bytes a character as the most. */
const ENTRY_BYTES = 1024;
const CHARACTER_BYTES = 2;

type Records = LRUCache<string, IdempotencyRecord>;

export class WarmCache {
  readonly #settings: WarmCacheSettings;
  readonly #loading: Promise<Records>;
  /** Until it has been loaded nothing is known, and no request waits for it. */
  #records: Records | undefined;

  constructor(limits: Required<CacheLimits>, settings: WarmCacheSettings) {
    this.#settings = settings;
    this.#loading = createRecords(limits).then((records) => {
      this.#records = records;
      return records;
    });
  }

  /** What a claim would come to, if that is known without asking the store. */
  recall(operation: {
    readonly id: string;
    readonly fingerprint: string;
  }): Extract<Claim, { kind: 'completed' | 'mismatch' }> | undefined {
    const record = this.#records?.get(operation.id);
    if (record === undefined) return undefined;
    const { now, clockSkewMs } = this.#settings;
    // Early by the difference of clocks: when another sandbox finds the record expired and runs anew, this one must
    // have let go of it.
    if (isExpired(record, now() + clockSkewMs)) {
      // Stryker disable next-line OptionalChaining: there are records, for one was found in them
      this.#records?.delete(operation.id);
      return undefined;
    }
    if (record.fingerprint !== operation.fingerprint) return { kind: 'mismatch' };
    return { kind: 'completed', result: record.result ?? { kind: 'undefined' } };
  }

  /** Keeps `record` if it is completed. A frozen copy, since the store's own may be changed by whoever made it. */
  readonly remember = (record: IdempotencyRecord): void => {
    const { status, result } = record;
    if (status !== 'COMPLETED') return;
    const copy: IdempotencyRecord = Object.freeze({
      ...record,
      ...(result === undefined ? {} : { result: Object.freeze({ ...result }) }),
    });
    void this.#loading.then((records) => records.set(copy.id, copy));
  };
}

/**
 * Only whoever uses a cache loads the package, at cold start. A bundle contains it all the same, and does not run it.
 * Its own time to live is not used: it goes by a clock that stands still while a sandbox is frozen.
 */
async function createRecords({ maxEntries, maxBytes }: Required<CacheLimits>): Promise<Records> {
  const { LRUCache } = await loadPackage();
  return new LRUCache({ max: maxEntries, maxSize: maxBytes, sizeCalculation: sizeOf });
}

let loadingPackage: Promise<typeof import('lru-cache')> | undefined;

function loadPackage(): Promise<typeof import('lru-cache')> {
  loadingPackage ??= import('lru-cache');
  return loadingPackage;
}

function sizeOf({ id, owner, fingerprint, result }: IdempotencyRecord): number {
  const characters = id.length + owner.length + fingerprint.length + charactersOf(result);
  return ENTRY_BYTES + CHARACTER_BYTES * characters;
}

function charactersOf(result: IdempotencyRecord['result']): number {
  switch (result?.kind) {
    case 'json':
      return result.json.length;
    case 'omitted':
      return result.remainderJson?.length ?? 0;
    default:
      return 0;
  }
}
