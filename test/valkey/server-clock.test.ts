/** Leases and retention last as long as they should by the server's clock, whatever the clocks of callers show. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type IdempotencyEvent, idempotent } from '../../lib/index.ts';
import { ValkeyStore } from '../../lib/valkey/index.ts';
import { lambdaContext } from '../support/events.ts';
import { startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';
import { KEY_PREFIX, lock, nowSeconds, withStore } from './with-store.ts';

const HOUR_MS = 3_600_000;
/** The server on the same machine answers sooner. */
const SOON_MS = 5_000;

let server: ValkeyServer;
beforeAll(async () => {
  server = await startValkeyServer();
});
afterAll(() => server?.stop());

const hoursOff = (hours: number) => () => Date.now() + hours * HOUR_MS;

describe('a lease', () => {
  test.each([-1, 1])('is as long as it was made by an owner whose clock is %d hours off', (hours) =>
    withStore(
      server.port,
      async (store, client) => {
        const now = hoursOff(hours);
        const record = lock({
          leaseEndsAtMs: now() + 60_000,
          expiresAtSeconds: Math.floor(now() / 1000) + 120,
        });
        await store.acquire(record, Math.floor(now() / 1000));
        const endMs = Number(await client.hget(`${KEY_PREFIX}${record.id}`, 'lease_until'));
        expect(endMs - Date.now()).toBeGreaterThan(60_000 - SOON_MS);
        expect(endMs - Date.now()).toBeLessThanOrEqual(60_000);
      },
      { now: hoursOff(hours) },
    ),
  );

  test('is not taken over by an attempt whose clock is an hour ahead: it waits, and runs nothing', () =>
    withStore(server.port, async (store, client) => {
      const events: IdempotencyEvent[] = [];
      let runs = 0;
      const guard = (now: () => number, ofCaller: ValkeyStore) =>
        idempotent(
          async (work: { readonly key: string; during?: () => Promise<void> }) => {
            runs += 1;
            await work.during?.();
            return runs;
          },
          {
            key: ({ key }) => key,
            fingerprint: () => '',
            namespace: 'clocks',
            store: ofCaller,
            now,
            onEvent: (event) => events.push(event),
          },
        );
      const right = guard(Date.now, store);
      const ahead = guard(hoursOff(1), new ValkeyStore({ client, now: hoursOff(1) }));

      const during = async () => {
        await expect(ahead({ key: 'k1' }, lambdaContext())).rejects.toMatchObject({ code: 'IN_PROGRESS' });
      };
      expect(await right({ key: 'k1', during }, lambdaContext())).toBe(1);
      expect(runs).toBe(1);
      expect(await ahead({ key: 'k1' }, lambdaContext())).toBe(1);
      expect(events.map(({ type }) => type)).toEqual(['acquired', 'in-progress', 'completed', 'replayed']);
    }));

  test('is taken over when it is over by both clocks', () =>
    withStore(server.port, async (store) => {
      const lapsed = lock({ leaseEndsAtMs: Date.now() - 1 });
      await store.acquire(lapsed, nowSeconds());
      const successor = lock({ id: lapsed.id, attempt: 2 });
      expect(await store.takeOver(successor, lapsed)).toEqual({ applied: true, record: successor });
    }));

  test('of an attempt that has taken over is a new one, as long as it was made', () =>
    withStore(server.port, async (store) => {
      const lapsed = lock({ leaseEndsAtMs: Date.now() - 1 });
      await store.acquire(lapsed, nowSeconds());
      const second = lock({ id: lapsed.id, attempt: 2 });
      await store.takeOver(second, lapsed);
      const third = lock({ id: lapsed.id, attempt: 3 });
      expect(await store.takeOver(third, second)).toEqual({ applied: false, current: second });
    }));

  test('that was renewed lasts from its renewal, and one that was given back is over', () =>
    withStore(server.port, async (store) => {
      const record = lock({ leaseEndsAtMs: Date.now() - 1 });
      await store.acquire(record, nowSeconds());
      const nextEndMs = Date.now() + 60_000;
      await store.renew(record, nextEndMs);
      const renewed = { ...record, leaseEndsAtMs: nextEndMs };
      const successor = lock({ id: record.id, attempt: 2 });
      expect(await store.takeOver(successor, renewed)).toEqual({ applied: false, current: renewed });
      await store.renew(renewed, 0);
      expect(await store.takeOver(successor, { ...record, leaseEndsAtMs: 0 })).toMatchObject({
        applied: true,
      });
    }));
});

describe('a record', () => {
  test.each([-1, 0, 1])(
    'lives to the end of its last second, where the clock that made it is %d hours off',
    (hours) =>
      withStore(
        server.port,
        async (store, client) => {
          const callersSeconds = Math.floor(hoursOff(hours)() / 1000);
          const record = lock({ expiresAtSeconds: callersSeconds + 100 });
          const leftMs = () => client.pttl(`${KEY_PREFIX}${record.id}`);
          await store.acquire(record, callersSeconds);
          expect(await leftMs()).toBeGreaterThan(101_000 - SOON_MS);
          expect(await leftMs()).toBeLessThanOrEqual(101_000);
          const completion = {
            result: { kind: 'undefined' },
            expiresAtSeconds: callersSeconds + 200,
          } as const;
          await store.complete(record, completion);
          expect(await leftMs()).toBeGreaterThan(200_000 - SOON_MS);
          expect(await leftMs()).toBeLessThanOrEqual(201_000);
        },
        { now: hoursOff(hours) },
      ),
  );

  test('counts for as long as the server has it: a caller whose clock is past its end replays it', () =>
    withStore(server.port, async (store, client) => {
      let runs = 0;
      const guard = (hours: number, ofCaller: ValkeyStore) =>
        idempotent(
          async () => {
            runs += 1;
            return runs;
          },
          {
            key: () => 'k2',
            fingerprint: () => '',
            namespace: 'clocks',
            store: ofCaller,
            retentionSeconds: 60,
            now: hoursOff(hours),
          },
        );
      const ahead = guard(1, new ValkeyStore({ client, now: hoursOff(1) }));
      expect(await guard(0, store)({}, lambdaContext())).toBe(1);
      expect(await ahead({}, lambdaContext())).toBe(1);
      expect(runs).toBe(1);
    }));

  test('lives on from a takeover for as long as the attempt that took over says', () =>
    withStore(server.port, async (store, client) => {
      const lapsed = lock({ leaseEndsAtMs: Date.now() - 1, expiresAtSeconds: nowSeconds() + 60 });
      await store.acquire(lapsed, nowSeconds());
      await store.takeOver(lock({ id: lapsed.id, expiresAtSeconds: nowSeconds() + 200 }), lapsed);
      const leftMs = await client.pttl(`${KEY_PREFIX}${lapsed.id}`);
      expect(leftMs).toBeGreaterThan(200_000 - SOON_MS);
      expect(leftMs).toBeLessThanOrEqual(201_000);
    }));

  test('that the server still keeps is not replaced by a caller whose clock is past its end', () =>
    withStore(server.port, async (store) => {
      const record = lock();
      await store.acquire(record, nowSeconds());
      const muchLater = record.expiresAtSeconds + 1000;
      expect(await store.acquire(lock({ id: record.id }), muchLater)).toEqual({
        applied: false,
        current: record,
      });
    }));
});
