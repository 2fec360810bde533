/**
 * What this store cannot promise, shown on real servers. These tests pass because the loss takes place: docs/valkey.md says
 * the same in words, and no setting of the library's changes it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { idempotent } from '../../lib/index.ts';
import { ValkeyStore } from '../../lib/valkey/index.ts';
import { lambdaContext } from '../support/events.ts';
import { until } from '../support/until.ts';
import { startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';
import { StallingPipe } from './stalling-pipe.ts';
import { KEY_PREFIX, lock, nowSeconds, withStore } from './with-store.ts';

interface Job {
  readonly key: string;
  readonly during?: () => Promise<void>;
}

/** A handler that counts its runs, and what guards it on one server or another. */
function countedHandler() {
  const count = { runs: 0 };
  const guardOn = (client: Redis) =>
    idempotent(
      async ({ during }: Job) => {
        count.runs += 1;
        const run = count.runs;
        await during?.();
        return run;
      },
      {
        key: ({ key }: Job) => key,
        fingerprint: () => '',
        namespace: 'losses',
        store: new ValkeyStore({ client, onEvictionPossible: 'accept' }),
        onEvent: () => {},
      },
    );
  return { count, guardOn };
}

test('a failover to a replica that lags behind loses the lock of a running attempt: a second one runs beside it', async () => {
  const primary = await startValkeyServer();
  const pipe = await StallingPipe.to(primary.port);
  const replica = await startReplica(pipe.port);
  const before = new Redis(primary.port, { maxRetriesPerRequest: 0 });
  const after = new Redis(replica.port);
  before.on('error', () => {}); // Its server is gone from the failover on.
  try {
    const { count, guardOn } = countedHandler();
    await until('the replica follows', () => isFollowing(after));
    pipe.stall();
    const failOver = async () => {
      // The lock is there, the primary has acknowledged it, and the replica has not heard of it.
      await primary.kill();
      await after.call('REPLICAOF', 'NO', 'ONE');
      expect(await guardOn(after)({ key: 'payment-1' }, lambdaContext())).toBe(2);
    };
    await guardOn(before)({ key: 'payment-1', during: failOver }, lambdaContext()).catch(() => {});
    expect(count.runs).toBe(2);
  } finally {
    before.disconnect();
    after.disconnect();
    pipe.close();
    await Promise.all([replica.stop(), primary.stop()]);
  }
}, 60_000);

test('WAIT is no cure: the replica that has acknowledged the lock need not be the one that is promoted', async () => {
  const primary = await startValkeyServer();
  const pipe = await StallingPipe.to(primary.port);
  const [upToDate, lagging] = [await startReplica(primary.port), await startReplica(pipe.port)];
  const client = new Redis(lagging.port);
  try {
    await until('the lagging replica follows', () => isFollowing(client));
    pipe.stall();
    const record = lock();
    await withStore(primary.port, async (store, onPrimary) => {
      await store.acquire(record, nowSeconds());
      expect(await onPrimary.wait(1, 5_000)).toBe(1);
      expect(await onPrimary.wait(2, 200)).toBe(1);
    });
    await primary.kill();
    await client.call('REPLICAOF', 'NO', 'ONE');
    expect(await new ValkeyStore({ client }).read(record.id)).toBeUndefined();
    await withStore(upToDate.port, async (_, other) => {
      expect(await other.exists(`${KEY_PREFIX}${record.id}`)).toBe(1);
    });
  } finally {
    client.disconnect();
    pipe.close();
    await Promise.all([upToDate.stop(), lagging.stop(), primary.stop()]);
  }
}, 60_000);

test.each([
  {
    appendonly: 'no',
    runs: 2,
    what: 'a restart without persistence loses what was completed, and it runs again',
  },
  { appendonly: 'yes', runs: 1, what: 'an append-only file that is synced at every write keeps it' },
])(
  '$what',
  async ({ appendonly, runs }) => {
    const folder = mkdtempSync(join(tmpdir(), 'valkey-kept-'));
    const settings = { appendonly, appendfsync: 'always' };
    const { count, guardOn } = countedHandler();
    const runOn = async (server: ValkeyServer) => {
      const client = new Redis(server.port);
      await guardOn(client)({ key: 'payment-2' }, lambdaContext());
      client.disconnect();
    };
    try {
      const first = await startValkeyServer({ settings, folder });
      await runOn(first);
      await first.kill();
      const second = await startValkeyServer({ settings, folder });
      await runOn(second);
      await second.stop();
      expect(count.runs).toBe(runs);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);

test('a server that evicts, if that was accepted, drops a record, and the operation runs again', async () => {
  const server = await startValkeyServer({
    settings: { maxmemory: '3mb', 'maxmemory-policy': 'volatile-lru' },
  });
  const client = new Redis(server.port);
  try {
    const { count, guardOn } = countedHandler();
    await guardOn(client)({ key: 'payment-3' }, lambdaContext());
    // Something else that uses the same cache, and takes all of it.
    for (let index = 0; index < 100 && (await keysOf(client)).length > 0; index += 1) {
      await client.set(`other:${index}`, 'x'.repeat(50_000), 'EX', 600);
    }
    expect(await keysOf(client)).toEqual([]);
    expect(await guardOn(client)({ key: 'payment-3' }, lambdaContext())).toBe(2);
    expect(count.runs).toBe(2);
  } finally {
    client.disconnect();
    await server.stop();
  }
});

function startReplica(ofPort: number): Promise<ValkeyServer> {
  return startValkeyServer({
    settings: { replicaof: `127.0.0.1 ${ofPort}`, 'repl-diskless-sync-delay': '0' },
  });
}

async function isFollowing(client: Redis): Promise<boolean> {
  return (await client.info('replication')).includes('master_link_status:up');
}

function keysOf(client: Redis): Promise<string[]> {
  return client.keys(`${KEY_PREFIX}*`);
}
