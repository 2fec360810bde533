/** Faults while a result of several chunks is written or read: a reader has the whole answer, or is told that it is not there. */
import { beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { isChunk } from '../../lib/stores/dynamodb-record.ts';
import { allItems } from '../support/all-items.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { always, once, type PlannedFault } from './fault.ts';
import { largeAnswer } from './guarded-service.ts';
import { CLIENTS } from './struck-store.ts';
import { IMPATIENT_MS, MAX_ATTEMPTS, withGuardedService } from './with-guarded-service.ts';

const NOT_KEPT = '200 replayed RESULT_NOT_RECORDED';
const APPLIED = expect.objectContaining({ status: 200 });

// The pauses between tries add up, and on a busy machine the rest takes several times as long.
jest.setTimeout(30_000);

let tableName: string;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

const recorded = (answer: object) => ({
  status: 'COMPLETED',
  result: { kind: 'json', json: JSON.stringify(answer) },
});
const tombstone = (reason: string) => ({
  status: 'COMPLETED',
  result: { kind: 'omitted', reason, remainderJson: '{"statusCode":201}' },
});

describe.each(CLIENTS)('through %s,', (through) => {
  describe('while chunks are written', () => {
    const LOSSES: readonly [string, PlannedFault[]][] = [
      ['the reply to every first try is lost', [{ fault: 'reply lost', at: 'writeChunk', from: 1, to: 3 }]],
      ['one of them is throttled', [once('ThrottlingException', 'writeChunk')]],
      ['the reply to the completion behind them is lost', [once('reply lost', 'complete')]],
    ];

    test.each(LOSSES)('%s: the answer is kept whole', (_, faults) =>
      withGuardedService({ through, tableName }, async (service, proxy) => {
        const answer = largeAnswer(3);
        service.planRun(async () => answer);
        proxy.plan(...faults);
        expect(await service.send()).toBe('201');
        expect(proxy.strikes.length).toBeGreaterThan(0);
        expect(await service.record()).toMatchObject(recorded(answer));
        expect(await service.send()).toBe('200 replayed');
        expect(service.runs).toBe(1);
      }),
    );

    test('one of three is refused for good: nothing of the answer is kept, and the key is consumed', () =>
      withGuardedService({ through, tableName }, async (service, proxy) => {
        service.planRun(async () => largeAnswer(3));
        // The first two are written; of the third, whichever it is, all tries are refused.
        proxy.plan({
          fault: 'ProvisionedThroughputExceededException',
          at: 'writeChunk',
          from: 3,
          to: 2 + MAX_ATTEMPTS,
        });
        expect(await service.send()).toBe('201');
        expect(proxy.strikes).toHaveLength(MAX_ATTEMPTS);
        expect(service.events.at(-1)).toMatchObject({
          type: 'completed',
          omission: {
            reason: 'too-large',
            error: { cause: { cause: { name: 'ProvisionedThroughputExceededException' } } },
          },
        });
        expect(await service.record()).toMatchObject(tombstone('too-large'));
        expect(await service.send()).toBe(NOT_KEPT);
        expect(service.runs).toBe(1);
      }));

    test('the store is gone for good: the key stays in doubt, as after any other lost completion', () =>
      withGuardedService({ through, tableName, onUncertain: 'block' }, async (service, proxy) => {
        service.planRun(async () => largeAnswer(2));
        proxy.plan(always('request lost', 'writeChunk'), always('request lost', 'complete'));
        expect(await service.send()).toBe('201');
        expect(service.events.at(-1)).toMatchObject({ type: 'store-failed', during: 'complete' });
        proxy.heal();
        service.letLeaseLapse();
        expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
        expect(service.runs).toBe(1);
      }));
  });

  describe('chunks of an attempt that did not complete', () => {
    let ownTable: string;
    beforeEach(async () => {
      ownTable = await createIdempotencyTable();
    });

    async function chunkExpirations(): Promise<number[]> {
      const client = testClient();
      const items = await allItems(client, ownTable);
      client.destroy();
      return items.filter(isChunk).map(({ expiration }) => Number(expiration?.N));
    }

    test('are not read by its successor, which has its own, and expire', () =>
      withGuardedService({ through, tableName: ownTable }, async (service, proxy) => {
        service.planRun(async () => largeAnswer(2));
        proxy.plan(always('request lost', 'complete'));
        expect(await service.send()).toBe('201');
        expect(await chunkExpirations()).toHaveLength(2);
        proxy.heal();
        service.letLeaseLapse();

        const second = largeAnswer(2);
        service.planRun(async () => second);
        expect(await service.send()).toBe('201');
        expect(await service.record()).toMatchObject({ attempt: 2, ...recorded(second) });
        const expirations = await chunkExpirations();
        expect(expirations).toHaveLength(4);
        expect(expirations.every((seconds) => seconds > 1_800_000_000)).toBe(true);
      }));
  });

  describe('a chunk that is delivered late', () => {
    const STUCK = 'request stuck, and delivered late';
    const impatient = () => ({ through, tableName, requestTimeoutMs: IMPATIENT_MS });

    test('as the ghost of one that was written by its second try changes nothing', () =>
      withGuardedService(impatient(), async (service, proxy) => {
        const answer = largeAnswer(1);
        service.planRun(async () => answer);
        proxy.plan(once(STUCK, 'writeChunk'));
        expect(await service.send()).toBe('201');
        expect(await proxy.deliverStuckRequests()).toEqual([APPLIED]);
        expect(await service.record()).toMatchObject(recorded(answer));
      }));

    test('after the key was consumed without it belongs to nobody', () =>
      withGuardedService(impatient(), async (service, proxy) => {
        service.planRun(async () => largeAnswer(1));
        proxy.plan(always(STUCK, 'writeChunk'));
        expect(await service.send()).toBe('201');
        proxy.heal();
        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(APPLIED));
        expect(await service.record()).toMatchObject(tombstone('too-large'));
        expect(await service.send()).toBe(NOT_KEPT);
      }));

    test('after another attempt has completed leaves that one’s answer alone', () =>
      withGuardedService(impatient(), async (service, proxy) => {
        service.planRun(async () => largeAnswer(1));
        proxy.plan(always(STUCK, 'writeChunk'), always('request lost', 'complete'));
        expect(await service.send()).toBe('201');
        proxy.heal();
        service.letLeaseLapse();
        const second = largeAnswer(1);
        service.planRun(async () => second);
        expect(await service.send()).toBe('201');
        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(APPLIED));
        expect(await service.record()).toMatchObject({ attempt: 2, ...recorded(second) });
        expect(await service.send()).toBe('200 replayed');
      }));
  });

  describe('while chunks are read', () => {
    test('a completion whose reply was lost knows itself, and reads none', () =>
      withGuardedService({ through, tableName }, async (service, proxy) => {
        service.planRun(async () => largeAnswer(2));
        proxy.plan(once('reply lost', 'complete'), always('status 500', 'readChunk'));
        expect(await service.send()).toBe('201');
        expect(proxy.strikes).toEqual(['complete']);
        expect(service.events.at(-1)).toMatchObject({ type: 'completed' });
      }));

    test('one that was superseded, and cannot read its successor’s, answers with neither result', () =>
      withGuardedService({ through, tableName }, async (service, proxy) => {
        const second = largeAnswer(2);
        service.planRun(async () => {
          service.letLeaseLapse();
          service.planRun(async () => second);
          expect(await service.send()).toBe('201');
          proxy.plan(always('status 500', 'readChunk'));
          return largeAnswer(2);
        });
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        expect(await service.send()).toBe('200 replayed');
        expect(await service.record()).toMatchObject({ attempt: 2, ...recorded(second) });
      }));

    test("a store that fails for good is no reason to run again, with onStoreUnavailable: 'run-unguarded' neither", () =>
      withGuardedService(
        { through, tableName, onStoreUnavailable: 'run-unguarded' },
        async (service, proxy) => {
          service.planRun(async () => largeAnswer(2));
          expect(await service.send()).toBe('201');
          proxy.plan(always('status 500', 'readChunk'));
          expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
          expect(service.runs).toBe(1);
          proxy.heal();
          expect(await service.send()).toBe('200 replayed');
        },
      ));

    test('one lost reply among them leaves the answer whole', () =>
      withGuardedService({ through, tableName }, async (service, proxy) => {
        service.planRun(async () => largeAnswer(3));
        expect(await service.send()).toBe('201');
        proxy.plan(once('reply cut off in the middle', 'readChunk'));
        expect(await service.send()).toBe('200 replayed');
        expect(proxy.strikes).toEqual(['readChunk']);
      }));
  });
});
