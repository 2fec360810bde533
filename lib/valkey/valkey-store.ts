import { ConfigurationError, ResultTooLargeError } from '../idempotency/errors.ts';
import type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  Lease,
  Ownership,
  TakeOverOutcome,
  WriteOutcome,
} from '../stores/idempotency-store.ts';
import { ITEM_MAX_BYTES } from '../stores/item-size.ts';
import { RESULT_MAX_BYTES } from '../stores/result-size.ts';
import { type Argument, CommandRunner } from './command-runner.ts';
import { rejectEviction } from './eviction.ts';
import { FIELDS, hashArgumentsOf, hashOf, stepField, unreadable } from './record-hash.ts';
import { recordOf, resultArgumentsOf } from './result-fields.ts';
import { ACQUIRE, COMPLETE, READ, RECORD_STEP, RELEASE, RENEW, type Script, TAKE_OVER } from './scripts.ts';
import { commandSenderOf, type ValkeyClient } from './valkey-client.ts';

/** `'refuse'` answers 503 and runs nothing; `'accept'` does not look. */
export type OnEvictionPossible = 'refuse' | 'accept';

/** Of `new ValkeyStore(...)`. */
export interface ValkeyStoreOptions {
  /**
   * A client of ioredis, iovalkey or node-redis (5 or later), for one server, Sentinel or a cluster; or anything with a
   * method `send`. Its connection, credentials and reconnects are its own business.
   */
  readonly client: ValkeyClient;
  /**
   * Begins the key of each record; the rest is the record's id. Stores with one prefix share their records.
   * @defaultValue 'idempotency:'
   */
  readonly keyPrefix?: string;
  /**
   * After so many milliseconds one try of a command is given up, whatever the client would do; three are made. Raise it for a
   * server that is far away, or results of megabytes.
   * @defaultValue 1000
   */
  readonly commandTimeoutMs?: number;
  /**
   * What to do if the server's eviction policy is not `noeviction`: the first use of the store looks at it (`INFO memory`).
   * @defaultValue 'refuse'
   */
  readonly onEvictionPossible?: OnEvictionPossible;
  /** Epoch milliseconds, for tests: the clock by which the ends of leases were made. @defaultValue Date.now */
  readonly now?: () => number;
  /** Ends the time of a command, and lets some pass between two tries; for tests. @defaultValue timers of the process */
  readonly pause?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

const OPTION_NAMES: readonly string[] = [
  'client',
  'keyPrefix',
  'commandTimeoutMs',
  'onEvictionPossible',
  'now',
  'pause',
] satisfies (keyof ValkeyStoreOptions)[];

/** So that records are told from whatever else lies in the database. */
const KEY_PREFIX = 'idempotency:';
/** Two hundred times what a server in the same region takes; three tries still leave a Lambda invocation its time. */
const COMMAND_TIMEOUT_MS = 1000;

/** What the scripts reply; see scripts.ts. */
const REFUSED = 0;
const APPLIED = 1;
const TOO_LARGE = 2;

type Reply =
  | { readonly kind: 'applied'; readonly record: IdempotencyRecord | undefined }
  | { readonly kind: 'refused'; readonly current: IdempotencyRecord | undefined }
  | { readonly kind: 'too-large' };

/**
 * Records in Valkey (or Redis), a hash each. A first run costs two commands (acquire, complete), a duplicate one, and a
 * takeover two; the first use in a process one more, for the eviction policy.
 *
 * **It keeps its promises for as long as the server keeps what it has acknowledged.** One that replicates asynchronously, as
 * Valkey, Redis and most managed caches do, can lose a lock in a failover, and an operation then takes effect twice. A service
 * that writes to a durable log before it answers does not. See docs/valkey.md.
 *
 * The lengths of leases and of retention count on the server's clock. Callers only ask: a takeover before the lease is over
 * by the server's clock is refused, whatever a caller's clock shows.
 */
export class ValkeyStore implements IdempotencyStore {
  readonly maxResultBytes = RESULT_MAX_BYTES;
  readonly #runner: CommandRunner;
  readonly #keyPrefix: string;
  readonly #now: () => number;
  readonly #looksAtEviction: boolean;
  #evictionLookedAt: Promise<void> | undefined;

  /** @throws ConfigurationError on an unknown option, a wrong value, or a client of no known kind */
  constructor(options: ValkeyStoreOptions) {
    checkOptions(options);
    const { client, keyPrefix, commandTimeoutMs, onEvictionPossible, now, pause } = options;
    this.#runner = new CommandRunner(commandSenderOf(client), commandTimeoutMs ?? COMMAND_TIMEOUT_MS, pause);
    this.#keyPrefix = keyPrefix ?? KEY_PREFIX;
    this.#looksAtEviction = onEvictionPossible !== 'accept';
    this.#now = now ?? Date.now;
  }

  async acquire(record: InProgressRecord, nowSeconds: number): Promise<WriteOutcome> {
    const reply = await this.#run(ACQUIRE, record.id, [
      timeToLiveMs(record.expiresAtSeconds, nowSeconds * 1000),
      this.#lengthOf(record),
      ...hashArgumentsOf(record),
    ]);
    return writeOutcome(reply);
  }

  async takeOver(record: InProgressRecord, lapsed: Lease): Promise<TakeOverOutcome> {
    const reply = await this.#run(TAKE_OVER, record.id, [
      lapsed.owner,
      String(lapsed.leaseEndsAtMs),
      timeToLiveMs(record.expiresAtSeconds, this.#now()),
      this.#lengthOf(record),
      ...hashArgumentsOf(record),
    ]);
    if (reply.kind !== 'applied') return writeOutcome(reply) as Extract<TakeOverOutcome, { applied: false }>;
    // The script has just written it as INPROGRESS.
    return { applied: true, record: (reply.record ?? record) as InProgressRecord };
  }

  async renew(lease: Lease, nextLeaseEndsAtMs: number): Promise<WriteOutcome> {
    const reply = await this.#run(RENEW, lease.id, [
      lease.owner,
      String(lease.leaseEndsAtMs),
      String(nextLeaseEndsAtMs),
      this.#lengthOf({ leaseEndsAtMs: nextLeaseEndsAtMs }),
    ]);
    return writeOutcome(reply);
  }

  async recordStep({ id, owner }: Ownership, name: string, json: string): Promise<WriteOutcome> {
    // As much as in DynamoDB, so that an operation that fits into one store fits into the other.
    const reply = await this.#run(RECORD_STEP, id, [owner, stepField(name), json, String(ITEM_MAX_BYTES)]);
    return writeOutcome(reply);
  }

  async complete({ id, owner }: Ownership, completion: Completion): Promise<WriteOutcome> {
    const { result, expiresAtSeconds } = completion;
    const resultArguments = await resultArgumentsOf(result);
    const reply = await this.#run(COMPLETE, id, [
      owner,
      timeToLiveMs(expiresAtSeconds, this.#now()),
      FIELDS.status,
      'COMPLETED',
      FIELDS.expiration,
      String(expiresAtSeconds),
      ...resultArguments,
    ]);
    return writeOutcome(reply);
  }

  async release({ id, owner }: Ownership): Promise<WriteOutcome> {
    return writeOutcome(await this.#run(RELEASE, id, [owner]));
  }

  async read(id: string): Promise<IdempotencyRecord | undefined> {
    const reply = await this.#run(READ, id, []);
    return reply.kind === 'applied' ? reply.record : undefined;
  }

  async #run(script: Script, id: string, args: readonly Argument[]): Promise<Reply> {
    await this.#lookAtEviction();
    return this.#replyOf(id, await this.#runner.runScript(script, this.#keyOf(id), args));
  }

  async #replyOf(id: string, reply: unknown): Promise<Reply> {
    const [outcome, record] = Array.isArray(reply) ? (reply as unknown[]) : [];
    if (outcome === APPLIED) {
      return { kind: 'applied', record: record === undefined ? undefined : await this.#recordIn(id, record) };
    }
    if (outcome === REFUSED) return { kind: 'refused', current: await this.#recordIn(id, record) };
    if (outcome === TOO_LARGE) return { kind: 'too-large' };
    throw unreadable(FIELDS.status);
  }

  /** The server has the last word on the end of a record's life: one that it still has counts, whatever a caller's clock says. */
  async #recordIn(id: string, reply: unknown): Promise<IdempotencyRecord | undefined> {
    const hash = hashOf(reply);
    if (hash === undefined) return undefined;
    const record = await recordOf(id, hash);
    const nowSeconds = Math.floor(this.#now() / 1000);
    return { ...record, expiresAtSeconds: Math.max(record.expiresAtSeconds, nowSeconds) };
  }

  /** Once in the life of a process, unless it fails. */
  async #lookAtEviction(): Promise<void> {
    if (!this.#looksAtEviction) return;
    this.#evictionLookedAt ??= this.#askForEviction();
    try {
      await this.#evictionLookedAt;
    } catch (error) {
      this.#evictionLookedAt = undefined;
      throw error;
    }
  }

  async #askForEviction(): Promise<void> {
    rejectEviction(String(await this.#runner.run(['INFO', 'memory'], this.#keyPrefix)));
  }

  /** Of the lease from now on. Both times are of one clock, so that it does not matter what that clock shows. */
  #lengthOf({ leaseEndsAtMs }: Pick<Lease, 'leaseEndsAtMs'>): string {
    return String(leaseEndsAtMs - this.#now());
  }

  #keyOf(id: string): string {
    return `${this.#keyPrefix}${id}`;
  }
}

/** A record counts to the end of its last second; with 0 or less the server deletes it at once. */
function timeToLiveMs(expiresAtSeconds: number, nowMs: number): string {
  return String((expiresAtSeconds + 1) * 1000 - nowMs);
}

function writeOutcome(reply: Reply): WriteOutcome {
  switch (reply.kind) {
    case 'applied':
      return { applied: true };
    case 'refused':
      return { applied: false, current: reply.current };
    case 'too-large':
      throw new ResultTooLargeError();
  }
}

function checkOptions(options: ValkeyStoreOptions): void {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.includes(name)) {
      throw new ConfigurationError(
        `Unknown option "${name}" of ValkeyStore. The options are: ${OPTION_NAMES.join(', ')}.`,
      );
    }
  }
  const {
    keyPrefix = KEY_PREFIX,
    commandTimeoutMs = COMMAND_TIMEOUT_MS,
    onEvictionPossible = 'refuse',
  } = options;
  if (typeof keyPrefix !== 'string') {
    throw new ConfigurationError('The option `keyPrefix` of ValkeyStore must be a string.');
  }
  if (!Number.isSafeInteger(commandTimeoutMs) || commandTimeoutMs < 1) {
    throw new ConfigurationError(
      'The option `commandTimeoutMs` of ValkeyStore must be a whole number of milliseconds, 1 at least.',
    );
  }
  if (!['refuse', 'accept'].includes(onEvictionPossible)) {
    throw new ConfigurationError("The option `onEvictionPossible` of ValkeyStore is 'refuse' or 'accept'.");
  }
}
