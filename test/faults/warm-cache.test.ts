/** What a sandbox with a warm cache does while its store is failing: it tells what it knows, and learns no more. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createIdempotencyTable } from '../support/dynamodb.ts';
import { warmCacheLoaded } from '../support/warm-cache-loaded.ts';
import { always, once } from './fault.ts';
import { withGuardedService } from './with-guarded-service.ts';

let tableName: string;

beforeAll(async () => {
  await warmCacheLoaded();
  tableName = await createIdempotencyTable();
});

describe('with a warm cache', () => {
  test('a duplicate of what it completed is answered, and the failing store is not asked', () =>
    withGuardedService({ tableName, cache: true }, async (service, proxy) => {
      expect(await service.send()).toBe('201');
      proxy.plan(always('request lost', 'acquire'), always('request lost', 'read'));
      expect(await service.send()).toBe('200 replayed');
      expect(proxy.strikes).toEqual([]);
      expect(service.runs).toBe(1);
    }));

  test('a completion is kept whose reply was lost, once its second try has found it', () =>
    withGuardedService({ tableName, cache: true }, async (service, proxy) => {
      proxy.plan(once('reply lost', 'complete'));
      expect(await service.send()).toBe('201');
      proxy.plan(always('request lost', 'acquire'));
      expect(await service.send()).toBe('200 replayed');
    }));

  test('a completion is not kept of which nobody knows whether it was written', () =>
    withGuardedService({ tableName, cache: true }, async (service, proxy) => {
      proxy.plan(always('reply lost', 'complete'));
      expect(await service.send()).toBe('201');
      proxy.plan(always('request lost', 'acquire'));
      expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
      proxy.heal();
      expect(await service.send()).toBe('200 replayed');
      proxy.plan(always('request lost', 'acquire'));
      expect(await service.send()).toBe('200 replayed');
      expect(service.runs).toBe(1);
    }));

  test('a lock is not kept: a duplicate of a lapsed attempt takes over as ever', () =>
    withGuardedService({ tableName, cache: true }, async (service) => {
      await service.leaveLapsedLease();
      expect(await service.send()).toBe('201');
      expect(await service.recordLeft()).toBe('COMPLETED 2');
    }));
});
