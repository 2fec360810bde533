import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ConfigurationError,
  DEFAULTS,
  type IdempotentContext,
  idempotent,
  outcomeUnknown,
  StoreError,
} from '../../lib/index.ts';
import { ValkeyStore } from '../../lib/valkey/index.ts';
import { lambdaContext } from '../support/events.ts';
import { startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';
import { CLIENT_NAMES, openClient } from './clients.ts';
import { loadScripts } from './faults/load-scripts.ts';
import { KEY_PREFIX, lock, nowSeconds, withStore } from './with-store.ts';

let server: ValkeyServer;
beforeAll(async () => {
  server = await startValkeyServer();
});
afterAll(() => server?.stop());

const completion = (json: string) =>
  ({ result: { kind: 'json', json }, expiresAtSeconds: nowSeconds() + 3600 }) as const;
const SECRET = 'account 4711';

describe('scripts', () => {
  test('are sent again, whole, to a server that has forgotten them', () =>
    withStore(server.port, async (store, client) => {
      const record = lock();
      await store.acquire(record, nowSeconds());
      await client.script('FLUSH');
      expect(await store.complete(record, completion('1'))).toEqual({ applied: true });
      expect(await store.read(record.id)).toMatchObject({ status: 'COMPLETED' });
    }));

  test('cost as many commands as DynamoDB takes requests, and one for the first look at the server', () =>
    withStore(server.port, async (store, client) => {
      const counted = async (work: () => Promise<unknown>) => {
        await client.config('RESETSTAT');
        await work();
        const stats = await client.info('commandstats');
        return calls(stats, 'evalsha') + calls(stats, 'eval');
      };
      let leaveInDoubt = true;
      const guard = () =>
        idempotent(
          async (_: { readonly key: string }, { idempotency }: IdempotentContext) => {
            if (leaveInDoubt) throw outcomeUnknown(new Error('in doubt'));
            return idempotency.step('charge', () => 1);
          },
          {
            key: ({ key }) => key,
            fingerprint: () => '',
            namespace: 'counts',
            store,
            onEvent: () => {},
          },
        );
      const guarded = guard();
      const run = (key: string, remainingMs?: number) =>
        guarded({ key }, lambdaContext(remainingMs) as IdempotentContext);
      // From here on the server knows all scripts.
      await loadScripts(server);
      await run('doubtful', 300).catch(() => {});
      leaveInDoubt = false;
      await setTimeout(300 + DEFAULTS.clockSkewMs + 100);

      expect(await counted(() => run('first'))).toBe(2 + 1);
      expect(await counted(() => run('first'))).toBe(1);
      expect(await counted(() => run('doubtful'))).toBe(3 + 1);
    }));
});

test('the server is asked for its eviction policy once in the life of a store', () =>
  withStore(
    server.port,
    async (store, client) => {
      await client.config('RESETSTAT');
      await store.read('orders#1');
      await store.read('orders#2');
      expect(calls(await client.info('commandstats'), 'info')).toBe(1);
    },
    // ioredis would ask for itself, too.
    { connection: { enableReadyCheck: false } },
  ));

describe('what is no record of this library', () => {
  test('of another type is left as it is, and said to be there', () =>
    withStore(server.port, async (store, client) => {
      await client.set(`${KEY_PREFIX}orders#foreign`, 'something');
      await expect(store.acquire(lock({ id: 'orders#foreign' }), nowSeconds())).rejects.toThrow(
        /not a record of this library, and no hash/,
      );
      expect(await client.get(`${KEY_PREFIX}orders#foreign`)).toBe('something');
    }));

  test('or was written by a later version is left as it is, and nothing runs', () =>
    withStore(server.port, async (store, client) => {
      await client.hset(`${KEY_PREFIX}orders#later`, { status: 'ARCHIVED' });
      await expect(store.acquire(lock({ id: 'orders#later' }), nowSeconds())).rejects.toThrow(
        /field "status"/,
      );
      expect(await client.hgetall(`${KEY_PREFIX}orders#later`)).toEqual({ status: 'ARCHIVED' });
    }));

  test('a result in an unknown encoding keeps its key consumed', () =>
    withStore(server.port, async (store, client) => {
      const record = lock();
      await store.acquire(record, nowSeconds());
      await store.complete(record, completion('1'));
      await client.hset(`${KEY_PREFIX}${record.id}`, { data_encoding: 'zstd', data_bytes: '1' });
      await expect(store.read(record.id)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        keyConsumed: true,
      });
    }));

  test('a compressed result that is damaged is lost, and never a part of it', () =>
    withStore(server.port, async (store, client) => {
      const record = lock();
      await store.acquire(record, nowSeconds());
      await store.complete(record, completion(JSON.stringify('x'.repeat(5000))));
      await client.hset(`${KEY_PREFIX}${record.id}`, { data: 'damaged' });
      expect(await store.read(record.id)).toMatchObject({ result: { kind: 'omitted', reason: 'lost' } });
    }));
});

test('a long result is compressed, where that saves anything', () =>
  withStore(server.port, async (store, client) => {
    const record = lock();
    await store.acquire(record, nowSeconds());
    await store.complete(record, completion(JSON.stringify('x'.repeat(100_000))));
    expect(await client.hstrlen(`${KEY_PREFIX}${record.id}`, 'data')).toBeLessThan(1000);
    expect(await client.hget(`${KEY_PREFIX}${record.id}`, 'data_encoding')).toBe('br');
  }));

describe('a server that may evict records', () => {
  const evicting = { maxmemory: '100mb', 'maxmemory-policy': 'volatile-lru' };

  test('is refused before anything is written, with what to do about it', () =>
    withServer(evicting, (evictor) =>
      withStore(evictor.port, async (store, client) => {
        await expect(store.acquire(lock(), nowSeconds())).rejects.toThrow(StoreError);
        await expect(store.acquire(lock(), nowSeconds())).rejects.toThrow(
          /eviction policy is "volatile-lru".* maxmemory-policy to noeviction/,
        );
        expect(await client.dbsize()).toBe(0);
        // Mended while the process lives on.
        await client.config('SET', 'maxmemory-policy', 'noeviction');
        expect(await store.acquire(lock(), nowSeconds())).toEqual({ applied: true });
      }),
    ));

  test('is taken where the risk is accepted', () =>
    withServer(evicting, (evictor) =>
      withStore(
        evictor.port,
        async (store) => {
          expect(await store.acquire(lock(), nowSeconds())).toEqual({ applied: true });
        },
        { onEvictionPossible: 'accept' },
      ),
    ));

  test('is none where its memory has no bound', () =>
    withServer({ maxmemory: '0', 'maxmemory-policy': 'allkeys-lru' }, (unbounded) =>
      withStore(unbounded.port, async (store) => {
        expect(await store.acquire(lock(), nowSeconds())).toEqual({ applied: true });
      }),
    ));
});

describe('a server that refuses', () => {
  test('for the rights of the user is told from others, with the rights that are needed', () =>
    withStore(server.port, async (_, client) => {
      await client.call('ACL', 'SETUSER', 'poor', 'on', '>secret', '~*', '+@all', '-evalsha');
      const connection = { username: 'poor', password: 'secret' };
      await withStore(
        server.port,
        async (store) => {
          await expect(store.acquire(lock(), nowSeconds())).rejects.toThrow(/NOPERM.* needs INFO, EVALSHA/);
        },
        { connection },
      );
    }));

  test('with exactly the rights that the error names, everything works', () =>
    withStore(server.port, async (_, client) => {
      const scripts = [
        'time',
        'exists',
        'hgetall',
        'hmget',
        'hget',
        'hkeys',
        'hstrlen',
        'hset',
        'hdel',
        'del',
        'pexpire',
      ];
      const rights = ['info', 'evalsha', 'eval', ...scripts].map((command) => `+${command}`);
      await client.call('ACL', 'SETUSER', 'able', 'on', '>secret', `~${KEY_PREFIX}*`, ...rights);
      const connection = {
        username: 'able',
        password: 'secret',
        enableReadyCheck: false,
        disableClientInfo: true,
      };
      await withStore(
        server.port,
        async (store) => {
          const record = lock({ leaseEndsAtMs: Date.now() - 1 });
          await store.acquire(record, nowSeconds());
          await store.recordStep(record, 'a', '1');
          const successor = lock({ id: record.id, attempt: 2 });
          await store.takeOver(successor, record);
          await store.renew(successor, Date.now() + 1000);
          expect(await store.complete(successor, completion('1'))).toEqual({ applied: true });
          const other = lock();
          await store.acquire(other, nowSeconds());
          expect(await store.release(other)).toEqual({ applied: true });
          expect(await store.read(record.id)).toMatchObject({ status: 'COMPLETED' });
        },
        { connection },
      );
    }));

  test('for want of memory changes nothing, and its error shows nothing of the result', () =>
    withServer({ maxmemory: '100mb' }, (small) =>
      withStore(small.port, async (store, client) => {
        const record = lock();
        await store.acquire(record, nowSeconds());
        await client.config('SET', 'maxmemory', '1');
        const failure = await store
          .complete(record, completion(JSON.stringify(SECRET)))
          .catch((error) => error);
        expect(failure).toBeInstanceOf(StoreError);
        expect(failure.message).toMatch(/no memory left/);
        expect(inspect(failure, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(SECRET);
        expect(await store.read(record.id)).toEqual(record);
      }),
    ));

  test('a command that it does not know, which quotes it: the error does not', () =>
    withServer({ 'rename-command': 'EVALSHA nothing' }, (renamed) =>
      withStore(renamed.port, async (store) => {
        const record = lock({ fingerprint: SECRET });
        const failure = await store.acquire(record, nowSeconds()).catch((error) => error);
        expect(failure).toBeInstanceOf(StoreError);
        expect(inspect(failure, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(SECRET);
      }),
    ));
});

describe.each(CLIENT_NAMES)('with %s, a server that is not there any more', (name) => {
  test('keeps the handler from running, in the time that three tries may take', async () => {
    const gone = await startValkeyServer();
    const { client, close } = await openClient(name, gone.port);
    const store = new ValkeyStore({ client, commandTimeoutMs: 300 });
    await store.read('orders#1');
    await gone.stop();
    let runs = 0;
    const guarded = idempotent(async () => ++runs, {
      store,
      key: () => 'k',
      namespace: 'gone',
      onEvent: () => {},
    });
    const startedMs = performance.now();
    const failure = await guarded({}, lambdaContext()).catch((error: unknown) => error);
    const tookMs = performance.now() - startedMs;
    close();
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', statusCode: 503, retryable: true });
    expect(runs).toBe(0);
    // Three tries and the pauses between them, on a machine that has other things to do.
    expect(tookMs).toBeLessThan(3 * 300 + 2 * 200 + 1000);
  });
});

test('a client that never connects holds nobody: the store gives up by itself', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo; // A server that listens on TCP has an address of this form.
  const sockets = new Set<{ destroy(): void }>();
  silent.on('connection', (socket) => sockets.add(socket));
  await withStore(
    port,
    async (store) => {
      const failure = await store.read('orders#1').catch((error) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure.cause).toMatchObject({ name: 'CommandTimeoutError' });
    },
    { commandTimeoutMs: 50 },
  );
  for (const socket of sockets) socket.destroy();
  silent.close();
});

describe('writes that commit with the record', () => {
  const write = { Put: { TableName: 'orders', Item: { orderId: '1' } } };
  const commits = async (_: unknown, { idempotency }: IdempotentContext) => {
    idempotency.commit([write]);
    return 1;
  };

  test('are refused with what is needed: they are a transaction of DynamoDB', () =>
    withStore(server.port, async (store) => {
      const guarded = idempotent(commits, { store, key: () => 'commit', namespace: 'commit' });
      await expect(guarded({}, { ...lambdaContext() } as IdempotentContext)).rejects.toThrow(
        /commit\(\) needs a store that can write the record and other items/,
      );
    }));

  test('so is the strategy that consists of one, at cold start', () =>
    withStore(server.port, async (store) => {
      expect(() =>
        idempotent(commits, { store, key: () => 'k', namespace: 'single', strategy: 'single-write' }),
      ).toThrow(ConfigurationError);
    }));
});

async function withServer<T>(
  settings: Readonly<Record<string, string>>,
  body: (started: ValkeyServer) => Promise<T>,
): Promise<T> {
  const started = await startValkeyServer({ settings });
  try {
    return await body(started);
  } finally {
    await started.stop();
  }
}

function calls(stats: string, name: string): number {
  return Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}
