/** What a store promises that can write the record and other items in one transaction. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ResultTooLargeError } from '../../lib/idempotency/errors.ts';
import type { CompletedRecord, InProgressRecord } from '../../lib/stores/idempotency-store.ts';
import type { TransactionalStore } from '../../lib/stores/transactional-store.ts';

const NOW_SECONDS = 1_800_000_000;

/** The store, and counters in the tables that it writes to. */
export interface TransactionalSetUp {
  readonly store: TransactionalStore;
  /** A write that adds one to a counter, from nothing on. */
  increment(counter: string): unknown;
  /** The same, on condition that the counter is not there yet. */
  createCounter(counter: string): unknown;
  countOf(counter: string): Promise<number>;
}

let serial = 0;

function lock(): InProgressRecord {
  serial += 1;
  return {
    id: `orders#t${serial}`,
    status: 'INPROGRESS',
    owner: `owner-${serial}`,
    attempt: 1,
    fingerprint: 'fingerprint',
    leaseEndsAtMs: NOW_SECONDS * 1000 + 10_123,
    expiresAtSeconds: NOW_SECONDS + 3600,
  };
}

const completion = {
  result: { kind: 'json', json: '{"statusCode":201}' },
  expiresAtSeconds: NOW_SECONDS + 7200,
} as const;

export function describeTransactionalStoreContract(name: string, setUp: () => TransactionalSetUp): void {
  describe(`${name} keeps the contract of a transactional store`, () => {
    let store: TransactionalStore;
    let increment: TransactionalSetUp['increment'];
    let createCounter: TransactionalSetUp['createCounter'];
    let countOf: TransactionalSetUp['countOf'];
    let counter: string;

    beforeEach(() => {
      ({ store, increment, createCounter, countOf } = setUp());
      serial += 1;
      counter = `counter-${serial}`;
    });

    const prepared = (...writes: unknown[]) => store.prepareWrites(writes, []);

    async function heldLock(): Promise<InProgressRecord> {
      const record = lock();
      await store.acquire(record, NOW_SECONDS);
      return record;
    }

    test('prepared writes are copies, and nothing has been sent', async () => {
      const record = await heldLock();
      const write = increment(counter);
      const writes = prepared(write);
      for (const member of Object.values(write as object)) if (typeof member === 'object') wipe(member);
      expect(await countOf(counter)).toBe(0);
      await store.completeWith(record, completion, writes);
      expect(await countOf(counter)).toBe(1);
    });

    describe('completeWith', () => {
      test('applies the writes and completes the record', async () => {
        const record = await heldLock();
        const other = `${counter}-b`;
        const writes = prepared(increment(counter), createCounter(other));
        expect(await store.completeWith(record, completion, writes)).toEqual({ kind: 'applied' });
        expect(await store.read(record.id)).toEqual({ ...record, ...completion, status: 'COMPLETED' });
        expect([await countOf(counter), await countOf(other)]).toEqual([1, 1]);
      });

      test('drops the steps of the record', async () => {
        const record = await heldLock();
        await store.recordStep(record, 'charge', '1');
        const withSteps = { ...completion, stepNames: ['charge', 'never recorded'] };
        await store.completeWith(record, withSteps, prepared(increment(counter)));
        expect(await store.read(record.id)).toEqual({ ...record, ...completion, status: 'COMPLETED' });
      });

      test('is refused for anybody but the owner, and writes nothing', async () => {
        const record = await heldLock();
        const stranger = { id: record.id, owner: 'somebody else' };
        expect(await store.completeWith(stranger, completion, prepared(increment(counter)))).toEqual({
          kind: 'record-refused',
          current: record,
        });
        expect(await store.read(record.id)).toEqual(record);
        expect(await countOf(counter)).toBe(0);
      });

      test('is refused where the record is gone, and writes nothing', async () => {
        const gone = lock();
        expect(await store.completeWith(gone, completion, prepared(increment(counter)))).toEqual({
          kind: 'record-refused',
          current: undefined,
        });
        expect(await store.read(gone.id)).toBeUndefined();
        expect(await countOf(counter)).toBe(0);
      });

      test('sent twice by its owner, applies once', async () => {
        const record = await heldLock();
        const writes = prepared(increment(counter));
        await store.completeWith(record, completion, writes);
        const completed = { ...record, ...completion, status: 'COMPLETED' };
        // Either a store knows the transaction again, or the record refuses it.
        expect([{ kind: 'applied' }, { kind: 'record-refused', current: completed }]).toContainEqual(
          await store.completeWith(record, completion, writes),
        );
        expect(await store.read(record.id)).toEqual(completed);
        expect(await countOf(counter)).toBe(1);
      });

      test('of twenty different ones at once, exactly one is applied', async () => {
        const record = await heldLock();
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            store.completeWith(
              record,
              { ...completion, result: { kind: 'json', json: String(index) } },
              prepared(increment(counter)),
            ),
          ),
        );
        expect(outcomes.filter(({ kind }) => kind === 'applied')).toHaveLength(1);
        expect(await countOf(counter)).toBe(1);
      });

      test('is told which writes had a condition that did not hold; nothing is written, and the lock stays', async () => {
        const record = await heldLock();
        await store.write(prepared(increment(counter)), randomUUID());
        const other = `${counter}-b`;
        const writes = prepared(increment(other), createCounter(counter));
        expect(await store.completeWith(record, completion, writes)).toEqual({
          kind: 'condition-failed',
          failed: [{ index: 1, code: 'ConditionalCheckFailed' }],
        });
        expect(await store.read(record.id)).toEqual(record);
        expect([await countOf(counter), await countOf(other)]).toEqual([1, 0]);
      });

      test('says that the record refused it, whatever else did not hold', async () => {
        const record = await heldLock();
        await store.write(prepared(increment(counter)), randomUUID());
        await store.release(record);
        expect(await store.completeWith(record, completion, prepared(createCounter(counter)))).toMatchObject({
          kind: 'record-refused',
        });
      });

      test('takes a result of the largest size that the store names', async () => {
        const record = await heldLock();
        const json = JSON.stringify('x'.repeat(store.maxResultBytes - 2));
        const large = { ...completion, result: { kind: 'json', json } } as const;
        expect(await store.completeWith(record, large, prepared(increment(counter)))).toEqual({
          kind: 'applied',
        });
        expect(await store.read(record.id)).toMatchObject({ result: { json } });
      });

      test('refuses a larger one with an error of its own; nothing is written, and the lock stays', async () => {
        const record = await heldLock();
        const json = JSON.stringify('x'.repeat(store.maxResultBytes));
        await expect(
          store.completeWith(
            record,
            { ...completion, result: { kind: 'json', json } },
            prepared(increment(counter)),
          ),
        ).rejects.toThrow(ResultTooLargeError);
        expect(await store.read(record.id)).toEqual(record);
        expect(await countOf(counter)).toBe(0);
      });
    });

    describe('putCompleted', () => {
      const completed = (): CompletedRecord => ({ ...lock(), ...completion, status: 'COMPLETED' });

      test.each([0, 1])('puts the record where there is none, with %d writes', async (count) => {
        const record = completed();
        const writes = prepared(...[increment(counter)].slice(0, count));
        expect(await store.putCompleted(record, NOW_SECONDS, writes)).toEqual({ kind: 'applied' });
        expect(await store.read(record.id)).toEqual(record);
        expect(await countOf(counter)).toBe(count);
      });

      test.each([0, 1])('replaces an expired record, with %d writes', async (count) => {
        const old = { ...lock(), expiresAtSeconds: NOW_SECONDS - 1 };
        await store.acquire(old, NOW_SECONDS - 100);
        const record = { ...completed(), id: old.id };
        const writes = prepared(...[increment(counter)].slice(0, count));
        expect(await store.putCompleted(record, NOW_SECONDS, writes)).toEqual({ kind: 'applied' });
        expect(await store.read(old.id)).toEqual(record);
      });

      test.each([
        [0, 'INPROGRESS'],
        [1, 'INPROGRESS'],
        [0, 'COMPLETED'],
        [1, 'COMPLETED'],
      ] as const)(
        'with %d writes is refused by a record that is %s, which it brings back',
        async (count, status) => {
          const first = await heldLock();
          if (status === 'COMPLETED') await store.complete(first, completion);
          const current = await store.read(first.id);
          const writes = prepared(...[increment(counter)].slice(0, count));
          const record = { ...completed(), id: first.id };
          expect(await store.putCompleted(record, NOW_SECONDS, writes)).toEqual({
            kind: 'record-refused',
            current,
          });
          expect(await store.read(first.id)).toEqual(current);
          expect(await countOf(counter)).toBe(0);
        },
      );

      test('is refused by a record in its last second, which is not expired', async () => {
        const last = { ...lock(), expiresAtSeconds: NOW_SECONDS };
        await store.acquire(last, NOW_SECONDS - 100);
        const record = { ...completed(), id: last.id };
        expect(await store.putCompleted(record, NOW_SECONDS, prepared(increment(counter)))).toEqual({
          kind: 'record-refused',
          current: last,
        });
      });

      test('of twenty at once, exactly one is applied, and none of the others', async () => {
        const { id } = lock();
        const records = Array.from({ length: 20 }, () => ({ ...completed(), id }));
        const outcomes = await Promise.all(
          records.map((record) => store.putCompleted(record, NOW_SECONDS, prepared(increment(counter)))),
        );
        const winner = records.find((_, index) => outcomes[index]?.kind === 'applied');
        expect(outcomes.filter(({ kind }) => kind === 'applied')).toHaveLength(1);
        // Where transactions meet each other at the record, DynamoDB may refuse one for the conflict alone.
        const refused = outcomes.filter(({ kind }) => kind === 'record-refused');
        expect(refused).toEqual(refused.map(() => ({ kind: 'record-refused', current: winner })));
        expect(refused.length + outcomes.filter(({ kind }) => kind === 'contended').length).toBe(19);
        expect(await countOf(counter)).toBe(1);
      });

      test('says that the record refused it, whatever else did not hold', async () => {
        const first = completed();
        await store.putCompleted(first, NOW_SECONDS, prepared(createCounter(counter)));
        const second = { ...completed(), id: first.id };
        expect(await store.putCompleted(second, NOW_SECONDS, prepared(createCounter(counter)))).toEqual({
          kind: 'record-refused',
          current: first,
        });
      });

      test('is told which writes had a condition that did not hold; there is no record then', async () => {
        await store.write(prepared(increment(counter)), randomUUID());
        const record = completed();
        expect(await store.putCompleted(record, NOW_SECONDS, prepared(createCounter(counter)))).toEqual({
          kind: 'condition-failed',
          failed: [{ index: 0, code: 'ConditionalCheckFailed' }],
        });
        expect(await store.read(record.id)).toBeUndefined();
      });

      test.each([0, 1])(
        'with %d writes refuses a result that is too large, and leaves no record',
        async (count) => {
          const json = JSON.stringify('x'.repeat(store.maxResultBytes));
          const record: CompletedRecord = { ...completed(), result: { kind: 'json', json } };
          const writes = prepared(...[increment(counter)].slice(0, count));
          await expect(store.putCompleted(record, NOW_SECONDS, writes)).rejects.toThrow(ResultTooLargeError);
          expect(await store.read(record.id)).toBeUndefined();
          expect(await countOf(counter)).toBe(0);
        },
      );
    });

    describe('write', () => {
      test('applies all writes, or none', async () => {
        const other = `${counter}-b`;
        const writes = prepared(increment(counter), createCounter(other));
        expect(await store.write(writes, randomUUID())).toEqual({ kind: 'applied' });
        expect(await store.write(writes, randomUUID())).toEqual({
          kind: 'condition-failed',
          failed: [{ index: 1, code: 'ConditionalCheckFailed' }],
        });
        expect([await countOf(counter), await countOf(other)]).toEqual([1, 1]);
      });

      test('sent twice with one token, applies once', async () => {
        const writes = prepared(increment(counter));
        const token = randomUUID();
        expect(await store.write(writes, token)).toEqual({ kind: 'applied' });
        expect(await store.write(writes, token)).toEqual({ kind: 'applied' });
        expect(await countOf(counter)).toBe(1);
      });
    });
  });
}

/** What a handler might do with its own objects after it has handed them over. */
function wipe(target: object): void {
  for (const name of Object.keys(target)) {
    const member: unknown = Reflect.get(target, name);
    if (typeof member === 'object' && member !== null) wipe(member);
    Reflect.deleteProperty(target, name);
  }
}
