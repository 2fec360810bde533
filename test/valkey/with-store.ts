/** A store on a server, with the client that it talks through. */
import { Redis, type RedisOptions } from 'ioredis';
import type { InProgressRecord } from '../../lib/stores/idempotency-store.ts';
import { type ValkeyClient, ValkeyStore, type ValkeyStoreOptions } from '../../lib/valkey/index.ts';
import { NOW_SECONDS } from '../contract/store-contract.ts';

export const KEY_PREFIX = 'idempotency:';

type Connection = Pick<RedisOptions, 'username' | 'password' | 'enableReadyCheck' | 'disableClientInfo'>;

/** Runs `body` with a store and a client of its own, and closes the client. */
export async function withStore<T>(
  port: number,
  body: (store: ValkeyStore, client: Redis) => Promise<T>,
  options: Partial<ValkeyStoreOptions> & { readonly connection?: Connection } = {},
): Promise<T> {
  const { connection, ...storeOptions } = options;
  // As an object: ioredis takes no member that could be undefined, and none of these is.
  const client = new Redis({ port, maxRetriesPerRequest: 1, ...(connection as object) });
  client.on('error', () => {}); // What matters of them reaches the store.
  try {
    return await body(new ValkeyStore({ client, ...storeOptions }), client);
  } finally {
    client.disconnect();
  }
}

/** For the contract's own clock, and results of megabytes on a machine that has other things to do. */
export function contractStore(client: ValkeyClient, keyPrefix: string): ValkeyStore {
  return new ValkeyStore({
    client,
    keyPrefix,
    commandTimeoutMs: 10_000,
    now: () => NOW_SECONDS * 1000,
  });
}

let serial = 0;

/** A lock that began a moment ago by this machine's clock. */
export function lock(changes: Partial<InProgressRecord> = {}): InProgressRecord {
  serial += 1;
  const nowMs = Date.now();
  return {
    id: `orders#${serial}`,
    status: 'INPROGRESS',
    owner: `owner-${serial}`,
    attempt: 1,
    fingerprint: 'fingerprint',
    leaseEndsAtMs: nowMs + 10_000,
    expiresAtSeconds: Math.floor(nowMs / 1000) + 3600,
    ...changes,
  };
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
