/**
 * What every store promises. Each store's test file calls this, so that the in-memory one is a true model of the
 * real one and a new store knows what it has to do.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ResultTooLargeError } from '../../lib/idempotency/errors.ts';
import type { IdempotencyStore, InProgressRecord } from '../../lib/stores/idempotency-store.ts';
import { COMPRESSIBILITIES, sizedJson } from '../support/sized-json.ts';

/** By the callers' clock, in the tests of stores that have none of their own or are told how time passes. */
export const NOW_SECONDS = 1_800_000_000;

/** Longer than any lease here, and than what is said to have passed. */
const A_WHILE_MS = 100_000;

let serial = 0;

/**
 * Lets time pass for one record, by the clock of a store that has one of its own. Of others it takes nothing: they go by what
 * callers say.
 */
export type TimePasses = (id: string, ms: number) => Promise<void>;

export interface ContractOptions {
  readonly partial?: boolean;
  readonly timePasses?: TimePasses;
}

/**
 * @param partial - a store that promises less (`promises`), and goes by a clock of its own: what the port says of takeovers,
 *   renewals, steps and expiry is then for the tests of that store
 */
export function describeStoreContract(
  name: string,
  openStore: () => IdempotencyStore,
  { partial = false, timePasses = async () => {} }: ContractOptions = {},
): void {
  const nowSeconds = partial ? Math.floor(Date.now() / 1000) : NOW_SECONDS;
  const completion = {
    result: { kind: 'json', json: '{"statusCode":201}' },
    expiresAtSeconds: nowSeconds + 7200,
  } as const;

  function lock(changes: Partial<InProgressRecord> = {}): InProgressRecord {
    serial += 1;
    return {
      id: `orders#${serial}`,
      status: 'INPROGRESS',
      owner: `owner-${serial}`,
      attempt: 1,
      fingerprint: 'fingerprint',
      leaseEndsAtMs: nowSeconds * 1000 + (partial ? 600_123 : 10_123),
      expiresAtSeconds: nowSeconds + 3600,
      ...changes,
    };
  }

  describe(`${name} keeps the ${partial ? 'part of the store contract that it promises' : 'store contract'}`, () => {
    let store: IdempotencyStore;
    beforeEach(() => {
      store = openStore();
    });

    test('an unknown id has no record', async () => {
      expect(await store.read('orders#never-seen')).toBeUndefined();
    });

    describe('acquire', () => {
      test('puts the record where there is none, every member of it', async () => {
        const record = lock();
        expect(await store.acquire(record, nowSeconds)).toEqual({ applied: true });
        expect(await store.read(record.id)).toEqual(record);
      });

      test('is refused by a lock, and brings back the record that it lost to', async () => {
        const first = lock();
        await store.acquire(first, nowSeconds);
        const second = lock({ id: first.id });
        expect(await store.acquire(second, nowSeconds)).toEqual({ applied: false, current: first });
        expect(await store.read(first.id)).toEqual(first);
      });

      test('is refused by its own lock too, as a request that was sent twice is', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        expect(await store.acquire(record, nowSeconds)).toEqual({ applied: false, current: record });
      });

      test('is refused by a lapsed lease: only a takeover may replace it', async () => {
        const lapsed = lock({ leaseEndsAtMs: nowSeconds * 1000 - 1 });
        await store.acquire(lapsed, nowSeconds);
        expect(await store.acquire(lock({ id: lapsed.id }), nowSeconds)).toEqual({
          applied: false,
          current: lapsed,
        });
      });

      test('is refused by a completed record, and brings back its result', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        await store.complete(record, completion);
        expect(await store.acquire(lock({ id: record.id }), nowSeconds)).toEqual({
          applied: false,
          current: { ...record, ...completion, status: 'COMPLETED' },
        });
      });

      if (!partial) {
        test.each(['INPROGRESS', 'COMPLETED'])(
          'replaces an expired %s record as if it were not there',
          async (status) => {
            const old = lock({ expiresAtSeconds: nowSeconds - 1 });
            await store.acquire(old, nowSeconds - 100);
            if (status === 'COMPLETED') {
              await store.complete(old, { ...completion, expiresAtSeconds: nowSeconds - 1 });
            }
            await timePasses(old.id, A_WHILE_MS);
            const fresh = lock({ id: old.id });
            expect(await store.acquire(fresh, nowSeconds)).toEqual({ applied: true });
            expect(await store.read(old.id)).toEqual(fresh);
          },
        );

        test('a record in its last second is not expired', async () => {
          const last = lock({ expiresAtSeconds: nowSeconds });
          await store.acquire(last, nowSeconds - 100);
          await timePasses(last.id, A_WHILE_MS);
          expect(await store.acquire(lock({ id: last.id }), nowSeconds)).toMatchObject({ applied: false });
        });
      }

      test('of fifty at once, exactly one is applied and the others see it', async () => {
        const rivals = Array.from({ length: 50 }, () => lock({ id: 'orders#contended' }));
        const outcomes = await Promise.all(rivals.map((rival) => store.acquire(rival, nowSeconds)));
        const winners = rivals.filter((_, index) => outcomes[index]?.applied);
        expect(winners).toHaveLength(1);
        const refused = outcomes.filter((outcome) => !outcome.applied);
        expect(refused).toEqual(Array(49).fill({ applied: false, current: winners[0] }));
      });
    });

    if (!partial) {
      describe('takeOver', () => {
        test('replaces a lock under exactly the lease that was read', async () => {
          const lapsed = lock();
          await store.acquire(lapsed, nowSeconds);
          await timePasses(lapsed.id, A_WHILE_MS);
          const successor = lock({ id: lapsed.id, attempt: 2 });
          expect(await store.takeOver(successor, lapsed)).toEqual({ applied: true, record: successor });
          expect(await store.read(lapsed.id)).toEqual(successor);
        });

        test('keeps the steps that are recorded, also those that were not yet when the lease was read', async () => {
          const lapsed = lock();
          await store.acquire(lapsed, nowSeconds);
          await timePasses(lapsed.id, A_WHILE_MS);
          await store.recordStep(lapsed, 'reserve', '1');
          const asItWasRead = await store.read(lapsed.id);
          await store.recordStep(lapsed, 'charge', '2');
          const successor = lock({ id: lapsed.id, attempt: 2 });
          const record = { ...successor, steps: { reserve: '1', charge: '2' } };
          expect(asItWasRead?.steps).toEqual({ reserve: '1' });
          expect(await store.takeOver(successor, lapsed)).toEqual({ applied: true, record });
          expect(await store.read(lapsed.id)).toEqual(record);
          expect(await store.takeOver(successor, lapsed)).toEqual({ applied: false, current: record });
        });

        test('is refused when another attempt has taken over', async () => {
          const lapsed = lock();
          await store.acquire(lapsed, nowSeconds);
          await timePasses(lapsed.id, A_WHILE_MS);
          const faster = lock({ id: lapsed.id, attempt: 2 });
          await store.takeOver(faster, lapsed);
          const slower = lock({ id: lapsed.id, attempt: 2 });
          expect(await store.takeOver(slower, lapsed)).toEqual({ applied: false, current: faster });
        });

        test('is refused when the lease was renewed meanwhile', async () => {
          const renewed = lock();
          await store.acquire(renewed, nowSeconds);
          await timePasses(renewed.id, A_WHILE_MS);
          const asItWasRead = { ...renewed, leaseEndsAtMs: renewed.leaseEndsAtMs - 5000 };
          expect(await store.takeOver(lock({ id: renewed.id }), asItWasRead)).toEqual({
            applied: false,
            current: renewed,
          });
        });

        test('is refused when the owner has completed meanwhile', async () => {
          const late = lock();
          await store.acquire(late, nowSeconds);
          await store.complete(late, completion);
          expect(await store.takeOver(lock({ id: late.id }), late)).toEqual({
            applied: false,
            current: { ...late, ...completion, status: 'COMPLETED' },
          });
        });

        test('is refused when the record is gone', async () => {
          const gone = lock();
          expect(await store.takeOver(lock({ id: gone.id }), gone)).toEqual({
            applied: false,
            current: undefined,
          });
          expect(await store.read(gone.id)).toBeUndefined();
        });

        test('of twenty at once, exactly one is applied', async () => {
          const lapsed = lock();
          await store.acquire(lapsed, nowSeconds);
          await timePasses(lapsed.id, A_WHILE_MS);
          const rivals = Array.from({ length: 20 }, () => lock({ id: lapsed.id, attempt: 2 }));
          const outcomes = await Promise.all(rivals.map((rival) => store.takeOver(rival, lapsed)));
          expect(outcomes.filter((outcome) => outcome.applied)).toHaveLength(1);
        });
      });

      describe('renew', () => {
        test('moves the end of exactly the lease that it names, and nothing else', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.recordStep(record, 'reserve', '1');
          const next = record.leaseEndsAtMs + 5000;
          expect(await store.renew(record, next)).toEqual({ applied: true });
          expect(await store.read(record.id)).toEqual({
            ...record,
            leaseEndsAtMs: next,
            steps: { reserve: '1' },
          });
        });

        test('is refused when the lease has another end: it was renewed, or given back', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.renew(record, 0);
          const givenBack = { ...record, leaseEndsAtMs: 0 };
          expect(await store.renew(record, record.leaseEndsAtMs + 5000)).toEqual({
            applied: false,
            current: givenBack,
          });
          expect(await store.read(record.id)).toEqual(givenBack);
        });

        test('is refused for anybody but the owner', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          const stranger = { ...record, owner: 'somebody else' };
          expect(await store.renew(stranger, record.leaseEndsAtMs + 5000)).toEqual({
            applied: false,
            current: record,
          });
        });

        test('is refused by a completed record', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.complete(record, completion);
          const completed = { ...record, ...completion, status: 'COMPLETED' };
          expect(await store.renew(record, record.leaseEndsAtMs + 5000)).toEqual({
            applied: false,
            current: completed,
          });
        });

        test('does not make a record where there is none', async () => {
          const gone = lock();
          expect(await store.renew(gone, gone.leaseEndsAtMs + 5000)).toEqual({
            applied: false,
            current: undefined,
          });
          expect(await store.read(gone.id)).toBeUndefined();
        });

        test('of a renewal and a takeover of one lease, exactly one is applied', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await timePasses(record.id, A_WHILE_MS);
          const outcomes = await Promise.all([
            store.renew(record, record.leaseEndsAtMs + 5000),
            store.takeOver(lock({ id: record.id, attempt: 2 }), record),
          ]);
          expect(outcomes.filter(({ applied }) => applied)).toHaveLength(1);
        });
      });

      describe('recordStep', () => {
        test.each([
          ['a word', 'charge'],
          ['words with signs', 'charge #2: "Łódź" = 1/2'],
          ['what every object has', 'constructor'],
          ['a reserved word', 'status'],
        ])('adds a result under a name (%s), beside the others', async (_, name) => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          expect(await store.recordStep(record, 'first', '{"n":1}')).toEqual({ applied: true });
          expect(await store.recordStep(record, name, '["ä\\u0000"]')).toEqual({ applied: true });
          expect(await store.read(record.id)).toEqual({
            ...record,
            steps: { first: '{"n":1}', [name]: '["ä\\u0000"]' },
          });
        });

        test('takes an empty text, and a second result in place of the first', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.recordStep(record, 'charge', '1');
          await store.recordStep(record, 'charge', '');
          expect(await store.read(record.id)).toEqual({ ...record, steps: { charge: '' } });
        });

        test('is refused for anybody but the owner, whose lock it shows', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.recordStep(record, 'mine', '1');
          const stranger = { id: record.id, owner: 'somebody else' };
          const current = { ...record, steps: { mine: '1' } };
          expect(await store.recordStep(stranger, 'theirs', '2')).toEqual({ applied: false, current });
          expect(await store.read(record.id)).toEqual(current);
        });

        test('is refused by a completed record, and where there is none', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.complete(record, completion);
          const completed = { ...record, ...completion, status: 'COMPLETED' };
          expect(await store.recordStep(record, 'late', '1')).toEqual({ applied: false, current: completed });
          const gone = lock();
          expect(await store.recordStep(gone, 'late', '1')).toEqual({ applied: false, current: undefined });
          expect(await store.read(gone.id)).toBeUndefined();
        });

        test('of twenty at once, all are kept', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          const names = Array.from({ length: 20 }, (_, index) => `step ${index}`);
          await Promise.all(names.map((name) => store.recordStep(record, name, JSON.stringify(name))));
          const steps = Object.fromEntries(names.map((name) => [name, JSON.stringify(name)]));
          expect(await store.read(record.id)).toEqual({ ...record, steps });
        });

        test('refuses a result that does not fit, and leaves the record as it was', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.recordStep(record, 'small', '1');
          const json = JSON.stringify('x'.repeat(410 * 1024));
          await expect(store.recordStep(record, 'large', json)).rejects.toThrow(ResultTooLargeError);
          expect(await store.read(record.id)).toEqual({ ...record, steps: { small: '1' } });
        });

        test('an acquire brings the steps back with the record that refuses it', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.recordStep(record, 'charge', '1');
          expect(await store.acquire(lock({ id: record.id }), nowSeconds)).toEqual({
            applied: false,
            current: { ...record, steps: { charge: '1' } },
          });
        });

        test('an acquire of an expired record leaves none of its steps', async () => {
          const old = lock({ expiresAtSeconds: nowSeconds - 1 });
          await store.acquire(old, nowSeconds - 100);
          await store.recordStep(old, 'charge', '1');
          await timePasses(old.id, A_WHILE_MS);
          const fresh = lock({ id: old.id });
          await store.acquire(fresh, nowSeconds);
          expect(await store.read(old.id)).toEqual(fresh);
        });
      });
    }

    describe('complete', () => {
      if (!partial) {
        test('drops the steps, those included that are named but were never recorded', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          const names = Array.from({ length: 100 }, (_, index) => `step ${index}`);
          await store.recordStep(record, names[0] ?? '', '1');
          await store.recordStep(record, names[99] ?? '', '2');
          const stepNames = names;
          expect(await store.complete(record, { ...completion, stepNames })).toEqual({ applied: true });
          expect(await store.read(record.id)).toEqual({ ...record, ...completion, status: 'COMPLETED' });
        });

        test('has room for a result of the largest size where steps were', async () => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          await store.recordStep(record, 'large', JSON.stringify('x'.repeat(200 * 1024)));
          const json = JSON.stringify('x'.repeat(store.maxResultBytes - 2));
          const large = { ...completion, result: { kind: 'json', json }, stepNames: ['large'] } as const;
          expect(await store.complete(record, large)).toEqual({ applied: true });
        });
      }

      test.each([
        { name: 'JSON', result: { kind: 'json', json: '{"body":["ä\\u0000 \\"quoted\\"",null]}' } },
        { name: 'an empty JSON string', result: { kind: 'json', json: '""' } },
        { name: 'undefined', result: { kind: 'undefined' } },
        { name: 'an omitted answer', result: { kind: 'omitted', reason: 'not-serializable' } },
        {
          name: 'an omitted answer of which something is left',
          result: { kind: 'omitted', reason: 'too-large', remainderJson: '{"statusCode":201}' },
        },
      ] as const)('records $name and gives it back as it was', async ({ result }) => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        const expiresAtSeconds = nowSeconds + 50;
        expect(await store.complete(record, { result, expiresAtSeconds })).toEqual({ applied: true });
        expect(await store.read(record.id)).toEqual({
          ...record,
          status: 'COMPLETED',
          result,
          expiresAtSeconds,
        });
      });

      test('is refused for anybody but the owner, and changes nothing', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        expect(await store.complete({ id: record.id, owner: 'somebody else' }, completion)).toEqual({
          applied: false,
          current: record,
        });
        expect(await store.read(record.id)).toEqual(record);
      });

      test('is refused a second time: a completed record is final', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        await store.complete(record, completion);
        const other = { ...completion, result: { kind: 'json', json: '"another"' } } as const;
        const completed = { ...record, ...completion, status: 'COMPLETED' };
        expect(await store.complete(record, other)).toEqual({ applied: false, current: completed });
        expect(await store.read(record.id)).toEqual(completed);
      });

      test('does not make a record where there is none', async () => {
        const record = lock();
        expect(await store.complete(record, completion)).toEqual({ applied: false, current: undefined });
        expect(await store.read(record.id)).toBeUndefined();
      });

      describe.each(COMPRESSIBILITIES)('keeps a result that is %s', (compressibility) => {
        test.each([
          ['of 0 bytes', () => 0],
          ['of 1 byte more than a write unit', () => 1025],
          ['of 1 KB', () => 1024],
          ['of 100 KB', () => 100 * 1024],
          ['of 500 KB', () => 500 * 1024],
          ['of 3 MB', () => 3 * 1024 * 1024],
          ['of the largest size that the store names', () => store.maxResultBytes],
        ])('%s, and gives it back as it was', async (_, bytes) => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          const json = sizedJson(Math.min(bytes(), store.maxResultBytes), compressibility);
          const result = { kind: 'json', json } as const;
          expect(await store.complete(record, { ...completion, result })).toEqual({ applied: true });
          const completed = { ...record, ...completion, result, status: 'COMPLETED' };
          expect(await store.read(record.id)).toEqual(completed);
          expect(await store.acquire(lock({ id: record.id }), nowSeconds)).toEqual({
            applied: false,
            current: completed,
          });
        });
      });

      test('counts bytes and not characters', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        const json = JSON.stringify('ä€😀'.repeat(20_000));
        await store.complete(record, { ...completion, result: { kind: 'json', json } });
        expect(await store.read(record.id)).toMatchObject({ result: { json } });
      });

      test.each(COMPRESSIBILITIES)(
        'refuses a larger one that is %s with an error of its own, and leaves the lock in place',
        async (compressibility) => {
          const record = lock();
          await store.acquire(record, nowSeconds);
          const json = sizedJson(store.maxResultBytes + 1, compressibility);
          await expect(
            store.complete(record, { ...completion, result: { kind: 'json', json } }),
          ).rejects.toThrow(ResultTooLargeError);
          expect(await store.read(record.id)).toEqual(record);
        },
      );

      test('keeps a large result for nobody but the owner', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        const result = {
          kind: 'json',
          json: sizedJson(Math.min(500 * 1024, store.maxResultBytes), 'incompressible'),
        } as const;
        const stranger = { id: record.id, owner: 'somebody else' };
        expect(await store.complete(stranger, { ...completion, result })).toEqual({
          applied: false,
          current: record,
        });
        expect(await store.read(record.id)).toEqual(record);
      });

      test('puts nothing of a remainder into a record whose result it kept', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        await store.complete(record, { ...completion, remainderJson: () => '{"statusCode":201}' });
        expect(await store.read(record.id)).toEqual({ ...record, ...completion, status: 'COMPLETED' });
      });
    });

    describe('release', () => {
      test("deletes the owner's lock", async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        expect(await store.release(record)).toEqual({ applied: true });
        expect(await store.read(record.id)).toBeUndefined();
      });

      test('is refused for anybody but the owner', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        expect(await store.release({ id: record.id, owner: 'somebody else' })).toEqual({
          applied: false,
          current: record,
        });
        expect(await store.read(record.id)).toEqual(record);
      });

      test('never deletes a completed record, not even for its owner', async () => {
        const record = lock();
        await store.acquire(record, nowSeconds);
        await store.complete(record, completion);
        const completed = { ...record, ...completion, status: 'COMPLETED' };
        expect(await store.release(record)).toEqual({ applied: false, current: completed });
        expect(await store.read(record.id)).toEqual(completed);
      });

      test('of a record that is gone changes nothing', async () => {
        expect(await store.release(lock())).toEqual({ applied: false, current: undefined });
      });
    });
  });
}
