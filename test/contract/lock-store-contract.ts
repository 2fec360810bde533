/** What every store of locks promises: the rules are in lib/locks/lock-state.ts, and these are the writes that keep them. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { LockStore, Taking } from '../../lib/locks/lock-store.ts';

const NOW_MS = 1_800_000_000_000;
const FIRST_TOKEN = NOW_MS;

let serial = 0;

export function describeLockStoreContract(name: string, openStore: () => LockStore): void {
  describe(`${name} keeps the contract of lock stores`, () => {
    let store: LockStore;
    let id: string;
    beforeEach(() => {
      store = openStore();
      serial += 1;
      id = `lock:contract:${serial}`;
    });

    const taking = (changes: Partial<Taking> = {}): Taking => ({
      id,
      owner: 'a',
      permits: 2,
      fencingToken: FIRST_TOKEN,
      leaseEndsAtMs: NOW_MS + 10_000,
      expiresAtSeconds: NOW_MS / 1000 + 600,
      seen: undefined,
      ...changes,
    });
    const second = (changes: Partial<Taking> = {}): Taking =>
      taking({
        owner: 'b',
        fencingToken: FIRST_TOKEN + 1,
        seen: { fencingToken: FIRST_TOKEN, lapsed: [], passed: [] },
        ...changes,
      });
    const read = async () => {
      const state = await store.read(id);
      if (state === undefined) throw new Error('There is no record.');
      return state;
    };
    const refusal = async () => ({ applied: false, current: await store.read(id) });
    /** A write that must not change anything. */
    async function expectRefused(write: () => Promise<unknown>): Promise<void> {
      const before = await store.read(id);
      expect(await write()).toEqual({ applied: false, current: before });
      expect(await store.read(id)).toEqual(before);
    }

    test('a resource that nobody ever used has no record', async () => {
      expect(await store.read(id)).toBeUndefined();
    });

    describe('take', () => {
      test('makes the record, with all that it has', async () => {
        expect(await store.take(taking())).toEqual({ applied: true });
        expect(await store.read(id)).toEqual({
          id,
          permits: 2,
          fencingToken: FIRST_TOKEN,
          holders: { a: { fencingToken: FIRST_TOKEN, leaseEndsAtMs: NOW_MS + 10_000 } },
          queue: {},
          freedAtMs: 0,
          expiresAtSeconds: NOW_MS / 1000 + 600,
        });
      });

      test('that expects no record is refused by one, and brings it back', async () => {
        await store.take(taking());
        await expectRefused(() => store.take(taking({ owner: 'b' })));
        expect((await read()).holders).not.toHaveProperty('b');
      });

      test('that expects a record is refused where there is none', async () => {
        expect(await store.take(second())).toEqual({ applied: false, current: undefined });
        expect(await store.read(id)).toBeUndefined();
      });

      test('adds a holder beside another, and sets what it is told', async () => {
        await store.take(taking());
        const changes = { permits: 5, leaseEndsAtMs: NOW_MS + 20_000, expiresAtSeconds: NOW_MS / 1000 + 900 };
        expect(await store.take(second(changes))).toEqual({ applied: true });
        expect(await read()).toMatchObject({
          permits: 5,
          fencingToken: FIRST_TOKEN + 1,
          holders: {
            a: { fencingToken: FIRST_TOKEN, leaseEndsAtMs: NOW_MS + 10_000 },
            b: { fencingToken: FIRST_TOKEN + 1, leaseEndsAtMs: NOW_MS + 20_000 },
          },
          expiresAtSeconds: NOW_MS / 1000 + 900,
        });
      });

      test('is refused when another got a place since it looked: of two, one wins', async () => {
        await store.take(taking());
        await store.take(second());
        await expectRefused(() => store.take(second({ owner: 'c' })));
      });

      test('of many that saw the same, exactly one is applied', async () => {
        await store.take(taking());
        const outcomes = await Promise.all(
          ['c', 'd', 'e', 'f', 'g', 'h'].map((owner) => store.take(second({ owner }))),
        );
        expect(outcomes.filter(({ applied }) => applied)).toHaveLength(1);
        expect(Object.keys((await read()).holders)).toHaveLength(2);
      });

      test('does not mind that a place was given back since it looked', async () => {
        await store.take(taking());
        await store.release(id, 'a', NOW_MS);
        expect(await store.take(second())).toEqual({ applied: true });
      });

      test('takes over holders whose leases are as they were seen', async () => {
        await store.take(taking());
        const seen = {
          fencingToken: FIRST_TOKEN,
          lapsed: [['a', NOW_MS + 10_000] as const],
          passed: [],
        };
        expect(await store.take(second({ seen }))).toEqual({ applied: true });
        expect(Object.keys((await read()).holders)).toEqual(['b']);
      });

      test('does not take over a holder that renewed, or went, since it looked', async () => {
        await store.take(taking());
        const lapsed = [['a', NOW_MS + 10_000] as const];
        const write = second({ seen: { fencingToken: FIRST_TOKEN, lapsed, passed: [] } });
        await store.renew(id, 'a', NOW_MS + 11_000, NOW_MS / 1000 + 600);
        await expectRefused(() => store.take(write));
        await store.release(id, 'a', NOW_MS);
        await expectRefused(() => store.take(write));
      });

      test('takes the owner out of the queue, and those who are passed over, and nobody else', async () => {
        await store.take(taking());
        for (const owner of ['x', 'y', 'b', 'z']) await store.enqueue(id, owner, 10);
        const passed = ['x', 'y', 'long gone'];
        await store.take(second({ seen: { fencingToken: FIRST_TOKEN, lapsed: [], passed } }));
        expect((await read()).queue).toEqual({ z: 4 });
      });

      test('keeps tickets growing, also when the queue was empty meanwhile', async () => {
        await store.take(taking());
        await store.enqueue(id, 'b', 10);
        await store.take(second());
        await store.enqueue(id, 'c', 10);
        expect((await read()).queue).toEqual({ c: 2 });
      });
    });

    describe('enqueue', () => {
      test('gives tickets in the order of arrival, and tells what there is then', async () => {
        await store.take(taking());
        const first = await store.enqueue(id, 'x', 10);
        expect(first).toEqual({ applied: true, state: await store.read(id) });
        await store.enqueue(id, 'y', 10);
        expect((await read()).queue).toEqual({ x: 1, y: 2 });
      });

      test('gives as many tickets as there are owners, when they come at once', async () => {
        await store.take(taking());
        const owners = Array.from({ length: 8 }, (_, index) => `w${index}`);
        await Promise.all(owners.map((owner) => store.enqueue(id, owner, 10)));
        expect(Object.values((await read()).queue).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      });

      test('is refused by a ticket of the owner’s own, as a request that was sent twice is', async () => {
        await store.take(taking());
        await store.enqueue(id, 'x', 10);
        await expectRefused(() => store.enqueue(id, 'x', 10));
      });

      test('is refused when the queue is full', async () => {
        await store.take(taking());
        await store.enqueue(id, 'x', 1);
        await expectRefused(() => store.enqueue(id, 'y', 1));
      });

      test('makes no record', async () => {
        await expectRefused(() => store.enqueue(id, 'x', 10));
      });
    });

    describe('leaveQueue', () => {
      test('removes the ticket of its owner alone', async () => {
        await store.take(taking());
        for (const owner of ['x', 'y']) await store.enqueue(id, owner, 10);
        expect(await store.leaveQueue(id, 'x')).toEqual({ applied: true });
        expect(await read()).toMatchObject({ queue: { y: 2 }, freedAtMs: 0 });
      });

      test('changes nothing without one, also of a holder', async () => {
        await expectRefused(() => store.leaveQueue(id, 'x'));
        await store.take(taking());
        await expectRefused(() => store.leaveQueue(id, 'a'));
      });
    });

    describe('renew', () => {
      const later = NOW_MS + 15_000;

      test('moves the end of the lease, and the expiration of the record', async () => {
        await store.take(taking());
        expect(await store.renew(id, 'a', later, NOW_MS / 1000 + 900)).toEqual({ applied: true });
        expect(await read()).toMatchObject({
          holders: { a: { fencingToken: FIRST_TOKEN, leaseEndsAtMs: later } },
          expiresAtSeconds: NOW_MS / 1000 + 900,
        });
      });

      test('never moves it back, as one that comes late would', async () => {
        await store.take(taking());
        await store.renew(id, 'a', later, NOW_MS / 1000 + 900);
        await expectRefused(() => store.renew(id, 'a', later, NOW_MS / 1000 + 900));
        await expectRefused(() => store.renew(id, 'a', later - 1, NOW_MS / 1000 + 900));
      });

      test('of one that is no holder changes nothing and makes nothing', async () => {
        await expectRefused(() => store.renew(id, 'a', later, NOW_MS / 1000 + 900));
        await store.take(taking());
        await store.enqueue(id, 'x', 10);
        await expectRefused(() => store.renew(id, 'x', later, NOW_MS / 1000 + 900));
        await store.release(id, 'a', NOW_MS);
        await expectRefused(() => store.renew(id, 'a', later, NOW_MS / 1000 + 900));
      });
    });

    describe('release', () => {
      test('removes the holder and its ticket, and keeps the number', async () => {
        await store.take(taking());
        await store.enqueue(id, 'a', 10);
        await store.take(second());
        expect(await store.release(id, 'a', NOW_MS + 5)).toEqual({ applied: true });
        expect(await read()).toMatchObject({
          fencingToken: FIRST_TOKEN + 1,
          holders: { b: { fencingToken: FIRST_TOKEN + 1 } },
          queue: {},
          freedAtMs: NOW_MS + 5,
        });
      });

      test('of one that is no holder changes nothing and makes nothing', async () => {
        await expectRefused(() => store.release(id, 'a', NOW_MS));
        await store.take(taking());
        await store.release(id, 'a', NOW_MS);
        await expectRefused(() => store.release(id, 'a', NOW_MS + 5));
        expect(await store.release(id, 'x', NOW_MS)).toEqual(await refusal());
      });
    });
  });
}
