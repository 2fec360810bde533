/** Locks behind a network that loses, delays and refuses: the real SDK, its retries included, and a real engine. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { LOCAL_SETTINGS } from '../../lib/local/engine-client.ts';
import { createLocks, DynamoDbLockStore, type Lock, type LockState } from '../../lib/locks/index.ts';
import { createOwnClient } from '../../lib/stores/dynamodb-store.ts';
import { createIdempotencyTable, testEndpoint } from '../support/dynamodb.ts';
import { until } from '../support/until.ts';
import { always, type Fault, once } from './fault.ts';
import { FaultProxy } from './fault-proxy.ts';
import type { LockRequest } from './store-operation.ts';
import { IMPATIENT_MS, MAX_ATTEMPTS } from './with-guarded-service.ts';

/** Requests that hang are given up three times over, on machines that have other things to do. */
jest.setTimeout(60_000);

const LEASE_MS = 10_000;
const SKEW_MS = 1_000;

let tableName: string;
beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

interface Scene {
  readonly lock: Lock;
  readonly proxy: FaultProxy;
  /** The record, read beside the proxy. */
  record(): Promise<LockState | undefined>;
  letLeaseLapse(): void;
}

async function withLock(body: (scene: Scene) => Promise<void>, permits = 1): Promise<void> {
  const proxy = await FaultProxy.start(testEndpoint());
  const clientOf = (endpoint: string) =>
    createOwnClient({
      endpoint,
      ...LOCAL_SETTINGS,
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { requestTimeout: IMPATIENT_MS, throwOnRequestTimeout: true },
    });
  const client = clientOf(proxy.endpoint);
  const direct = clientOf(testEndpoint());
  let aheadMs = 0;
  const locks = createLocks({
    tableName,
    client,
    leaseMs: LEASE_MS,
    clockSkewMs: SKEW_MS,
    now: () => Date.now() + aheadMs,
    onEvent: () => {},
  });
  const lock = locks.semaphore(randomUUID(), permits);
  try {
    await body({
      lock,
      proxy,
      record: () => new DynamoDbLockStore({ tableName, client: direct }).read(lock.id),
      letLeaseLapse: () => {
        aheadMs += LEASE_MS + SKEW_MS;
      },
    });
  } finally {
    client.destroy();
    direct.destroy();
    await proxy.close();
  }
}

const holdersOf = async ({ record }: Scene) => Object.keys((await record())?.holders ?? {});

const waitingFor = async ({ record }: Scene) => Object.keys((await record())?.queue ?? {}).length;

/** What the SDK's own tries mend. */
const PASSING: readonly Fault[] = [
  'reply lost',
  'reply cut off in the middle',
  'no reply, until the client gives up',
  'request lost',
  'request stuck, until the client gives up',
  'ProvisionedThroughputExceededException',
  'status 500',
  'status 503',
  'reply delayed',
];
const REQUESTS: readonly LockRequest[] = ['lock: read', 'lock: take', 'lock: renew', 'lock: release'];

describe.each(REQUESTS)('a fault that passes, at %s', (request) => {
  test.concurrent.each(PASSING)('%s: one grant, which is renewed and given back', (fault) =>
    withLock(async (scene) => {
      scene.proxy.plan(once(fault, request));
      const grant = await scene.lock.acquire();
      expect(await holdersOf(scene)).toEqual([grant.owner]);
      await grant.renew();
      const end = (await scene.record())?.holders[grant.owner]?.leaseEndsAtMs;
      expect(grant.leaseEndsAtMs).toBe((end ?? 0) - SKEW_MS);
      await grant.release();
      expect(scene.proxy.strikes).toEqual([request]);
      expect(await holdersOf(scene)).toEqual([]);
      const next = await scene.lock.acquire();
      expect(next.fencingToken).toBeGreaterThan(grant.fencingToken);
    }),
  );
});

describe('a take whose every reply is lost', () => {
  test.concurrent('is an error; its place is free when the lease is over, and not before', () =>
    withLock(async (scene) => {
      scene.proxy.plan(always('reply lost', 'lock: take'));
      await expect(scene.lock.tryAcquire()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      scene.proxy.heal();
      expect(await holdersOf(scene)).toHaveLength(1);
      expect(await scene.lock.tryAcquire()).toBeUndefined();
      scene.letLeaseLapse();
      expect(await scene.lock.tryAcquire()).toBeDefined();
      expect(await holdersOf(scene)).toHaveLength(1);
    }));

  test.concurrent('of one who waits is found by its next look', () =>
    withLock(async (scene) => {
      const first = await scene.lock.acquire();
      const second = scene.lock.acquire();
      // Its first look may fail with the store; only one who stands in the queue goes on looking.
      await until('the second waits', async () => (await waitingFor(scene)) === 1);
      scene.proxy.plan({ fault: 'reply lost', at: 'lock: take', from: 1, to: MAX_ATTEMPTS });
      await first.release();
      const { owner, fencingToken } = await second;
      expect((await scene.record())?.holders).toEqual({ [owner]: expect.objectContaining({ fencingToken }) });
    }));
});

describe('a request that reaches the engine late', () => {
  const REFUSED = [expect.objectContaining({ status: 400 })];

  test.concurrent('a take is refused by its own second try', () =>
    withLock(async (scene) => {
      scene.proxy.plan(once('request stuck, and delivered late', 'lock: take'));
      const grant = await scene.lock.acquire();
      expect(await scene.proxy.deliverStuckRequests()).toEqual(REFUSED);
      expect(await holdersOf(scene)).toEqual([grant.owner]);
    }));

  test.concurrent('a take is refused after the release, too: the number has gone on', () =>
    withLock(async (scene) => {
      await (await scene.lock.acquire()).release();
      scene.proxy.plan(once('request stuck, and delivered late', 'lock: take'));
      await (await scene.lock.acquire()).release();
      expect(await scene.proxy.deliverStuckRequests()).toEqual(REFUSED);
      expect(await holdersOf(scene)).toEqual([]);
    }));

  test.concurrent('a renewal does not bring a place back that was given back, or taken by another', () =>
    withLock(async (scene) => {
      const grant = await scene.lock.acquire();
      scene.proxy.plan(always('request stuck, and delivered late', 'lock: renew'));
      await expect(grant.renew()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      scene.proxy.heal();
      await grant.release();
      const next = await scene.lock.acquire();
      const before = await scene.record();
      const replies = await scene.proxy.deliverStuckRequests();
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 400));
      expect(await scene.record()).toEqual(before);
      await next.release();
    }));

  test.concurrent('a release frees nobody else’s place', () =>
    withLock(async (scene) => {
      const grant = await scene.lock.acquire();
      scene.proxy.plan(always('request stuck, and delivered late', 'lock: release'));
      await expect(grant.release()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      scene.proxy.heal();
      scene.letLeaseLapse();
      const next = await scene.lock.acquire();
      await scene.proxy.deliverStuckRequests();
      expect(await holdersOf(scene)).toEqual([next.owner]);
    }));

  test.concurrent('a ticket that nobody waits for holds up the next for a turn, and is gone', () =>
    withLock(async (scene) => {
      const first = await scene.lock.acquire();
      scene.proxy.plan(always('request stuck, and delivered late', 'lock: enqueue'));
      await expect(scene.lock.acquire({ waitMs: 300 })).rejects.toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
      scene.proxy.heal();
      await scene.proxy.deliverStuckRequests();
      expect(await waitingFor(scene)).toBe(1);
      await first.release();
      expect(await scene.lock.acquire({ waitMs: 5_000 })).toBeDefined();
      expect((await scene.record())?.queue).toEqual({});
    }));
});

describe('a store that is away', () => {
  test.concurrent('gives no grant, and lets no work run', () =>
    withLock(async (scene) => {
      scene.proxy.plan(always('status 500', 'lock: read'), always('status 500', 'lock: take'));
      await expect(scene.lock.acquire()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(scene.lock.use(() => 'ran')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }));
});
