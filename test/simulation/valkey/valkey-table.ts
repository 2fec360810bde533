/** The library's own `ValkeyStore`, each of its scripts one step, on a server whose clock is nobody else's. */
import type { IdempotencyRecord, TransactionalStore } from '../../../lib/index.ts';
import { ValkeyStore } from '../../../lib/valkey/index.ts';
import { FIELDS, headOf } from '../../../lib/valkey/record-hash.ts';
import type { Sender } from '../invocation.ts';
import { exchange } from '../network.ts';
import { notedStore } from '../noted-store.ts';
import type { SimulatedTable } from '../simulated-table.ts';
import type { TableClocks } from '../table-clocks.ts';
import type { StoreOperation, World } from '../world.ts';
import { type Hash, SimulatedValkey } from './simulated-valkey.ts';

/** So far behind the true time that whatever compares the server's clock with a caller's is wrong at once. */
const SERVER_BEHIND_MS = 3_600_000;

const KEY_PREFIX = 'records:';

export class ValkeyTable implements SimulatedTable {
  readonly #server: SimulatedValkey;
  readonly #recordOf = new WeakMap<Hash, IdempotencyRecord>();
  left: number;
  /** Rows lie elsewhere, and cannot be left to `commit`. */
  onRow: (key: string) => void = () => {};
  /** The server itself deletes, by its own clock, and nothing is there for others to delete. */
  readonly expirables = [];
  /** The server's, as the true clock shows it. */
  readonly clocks: TableClocks = {
    mayBeTakenOverFromMs: ({ id }) =>
      Number(this.#server.hash(KEY_PREFIX + id)?.get(FIELDS.serverLeaseEnd)) + SERVER_BEHIND_MS,
    countsUntilMs: ({ id }) => this.#server.endMs(KEY_PREFIX + id) + 1 + SERVER_BEHIND_MS,
    dropExpired: () => this.#server.dropExpired().map((key) => key.slice(KEY_PREFIX.length)),
  };

  constructor(left: number, now: () => number, changeScript?: (script: string) => string) {
    this.left = left;
    this.#server = new SimulatedValkey(() => now() - SERVER_BEHIND_MS, changeScript);
  }

  connect(world: World, sender: Sender): TransactionalStore {
    return notedStore(this.#store(world, sender), world, sender);
  }

  get records(): readonly IdempotencyRecord[] {
    return this.#server.keys.flatMap((key) => this.record(key.slice(KEY_PREFIX.length)) ?? []);
  }

  /** Without its result. Another object for another hash, and for this one always the same. */
  record(id: string): IdempotencyRecord | undefined {
    const hash = this.#server.hash(KEY_PREFIX + id);
    if (hash === undefined) return undefined;
    const known = this.#recordOf.get(hash) ?? headOf(id, hash);
    this.#recordOf.set(hash, known);
    return known;
  }

  isBroken(): boolean {
    return false;
  }

  isTombstone(id: string): boolean {
    return this.#server.hash(KEY_PREFIX + id)?.has(FIELDS.dataOmitted) === true;
  }

  delete(id: string): void {
    this.#server.delete(KEY_PREFIX + id);
  }

  #store(world: World, sender: Sender): TransactionalStore {
    const on = (operation: StoreOperation) =>
      new ValkeyStore({
        client: { send: (command) => this.#send(world, sender, operation, command) },
        keyPrefix: KEY_PREFIX,
        onEvictionPossible: 'accept',
        now: () => world.scheduler.nowMs + sender.skewMs,
        // The network of this world says itself when there is no reply.
        pause: () => new Promise(() => {}),
      });
    return {
      maxResultBytes: on('read').maxResultBytes,
      acquire: (record, nowSeconds) => on('acquire').acquire(record, nowSeconds),
      takeOver: (record, lapsed) => on('takeOver').takeOver(record, lapsed),
      renew: (lease, nextLeaseEndsAtMs) => on('renew').renew(lease, nextLeaseEndsAtMs),
      recordStep: (ownership, name, json) => on('recordStep').recordStep(ownership, name, json),
      complete: (ownership, completion) => on('complete').complete(ownership, completion),
      release: (ownership) => on('release').release(ownership),
      read: (id) => on('read').read(id),
      prepareWrites: noTransactions,
      completeWith: noTransactions,
      putCompleted: noTransactions,
      write: noTransactions,
    };
  }

  async #send(
    world: World,
    sender: Sender,
    operation: StoreOperation,
    command: readonly (string | Buffer)[],
  ): Promise<unknown> {
    try {
      const reply = await exchange(world, sender, {
        operation,
        label: operation,
        isTransaction: false,
        proceed: async () => this.#server.execute(command),
        conflict: noTransactions,
      });
      sender.learn(reply);
      return reply;
    } catch (error) {
      // In the words of a reply, for all tries were made: the store would make its own, with timers of the process.
      throw new Error(`ERR ${error instanceof Error ? error.message : error}`);
    }
  }
}

function noTransactions(): never {
  throw new Error('There are no transactions in Valkey.');
}
