/** Faults that meet: in one request, in several at once, or with another choice of options. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Reconcile } from '../../lib/index.ts';
import { createIdempotencyTable } from '../support/dynamodb.ts';
import { until } from '../support/until.ts';
import { always, once } from './fault.ts';
import { failingWork } from './guarded-handler.ts';
import { IMPATIENT_MS, withGuardedService } from './with-guarded-service.ts';

const PARALLEL_REQUESTS = 10;

let tableName: string;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

describe('parallel requests with one key, each of which loses the reply to its first acquire', () => {
  test('run the handler once, and the one whose write it was is not refused by it', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      proxy.plan({ fault: 'reply lost', at: 'acquire', from: 1, to: PARALLEL_REQUESTS });
      // The winner holds its lock until all others have been refused.
      const others = until(
        'all but one request refused',
        () => service.events.filter(({ type }) => type === 'in-progress').length === PARALLEL_REQUESTS - 1,
      );
      service.planRun(async () => {
        await others;
        return { statusCode: 201 };
      });
      const answers = await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, () => service.send()));
      expect(answers.toSorted()).toEqual(['201', ...Array(PARALLEL_REQUESTS - 1).fill('409 IN_PROGRESS')]);
      expect(service.runs).toBe(1);
      expect(await service.recordLeft()).toBe('COMPLETED 1');
    }));
});

describe('a lost reply on an engine that does not return the old item', () => {
  test('of an acquire is read to be our own lock', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      proxy.withholdOldItems();
      proxy.plan(once('reply lost', 'acquire'), once('status 500', 'read'));
      expect(await service.send()).toBe('201');
      expect(proxy.strikes).toEqual(['acquire', 'read']);
      expect(service.runs).toBe(1);
    }));

  test('of an acquire keeps the handler from running where the read fails for good', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      proxy.withholdOldItems();
      proxy.plan(once('reply lost', 'acquire'), always('status 500', 'read'));
      expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
      expect(service.runs).toBe(0);
      expect(await service.recordLeft()).toBe('INPROGRESS 1');
    }));

  test('of a takeover is read to be our own', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      await service.leaveLapsedLease();
      proxy.withholdOldItems();
      proxy.plan(once('reply lost', 'takeOver'));
      expect(await service.send()).toBe('201');
      expect(await service.recordLeft()).toBe('COMPLETED 2');
    }));

  test('of a takeover is read to be our own, with its steps', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      service.runStep();
      await service.leaveLapsedLease();
      proxy.withholdOldItems();
      proxy.plan(once('reply lost', 'takeOver'));
      expect(await service.send()).toBe('201');
      expect(await service.recordLeft()).toBe('COMPLETED 2');
      expect(service.stepRuns).toBe(1);
    }));

  test('of a suspension is read to be our own', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      service.runStep();
      service.planRun(failingWork);
      proxy.withholdOldItems();
      proxy.plan(once('reply lost', 'renew'));
      expect(await service.send()).toBe("the handler's error");
      expect(service.events.at(-1)).toMatchObject({ type: 'suspended' });
      expect(await service.send()).toBe('201');
      expect(service.stepRuns).toBe(1);
    }));

  test('of a completion gives the caller its answer even where the read fails for good', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      proxy.withholdOldItems();
      proxy.plan(once('reply lost', 'complete'), always('status 500', 'read'));
      expect(await service.send()).toBe('201');
      expect(service.events.at(-1)).toMatchObject({ type: 'store-failed', during: 'complete' });
      proxy.heal();
      expect(await service.send()).toBe('200 replayed');
      expect(service.runs).toBe(1);
    }));
});

describe('a commit of which nobody tells how it ended', () => {
  test('is found to be our own on an engine that does not return the old item', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      service.commitWrites();
      proxy.withholdOldItems();
      proxy.plan(always('reply lost', 'commit'));
      expect(await service.send()).toBe('201');
      expect(await service.writesApplied()).toBe(1);
      expect(await service.send()).toBe('200 replayed');
    }));

  test('is no success where the record cannot be read either; the retry has the result', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      service.commitWrites();
      proxy.withholdOldItems();
      proxy.plan(always('reply lost', 'commit'), always('status 500', 'read'));
      expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
      expect(service.events.map(({ type }) => type)).toEqual(['acquired', 'store-failed', 'in-doubt']);
      proxy.heal();
      expect(await service.send()).toBe('200 replayed');
      expect(await service.writesApplied()).toBe(1);
      expect(service.runs).toBe(1);
    }));

  test("with onUncertain: 'block' gives the key back where that proves that nothing was written", () =>
    withGuardedService({ tableName, onUncertain: 'block' }, async (service, proxy) => {
      service.commitWrites();
      proxy.plan(always('request lost', 'commit'));
      expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
      proxy.heal();
      expect(await service.send()).toBe('201');
      expect(await service.writesApplied()).toBe(1);
    }));
});

describe('a lock whose grant arrives after its lease,', () => {
  test('if it was new, is given back unused, and the next request runs at once', () =>
    withGuardedService({ tableName, requestTimeoutMs: IMPATIENT_MS }, async (service, proxy) => {
      proxy.plan(once('no reply, until the client gives up', 'acquire'));
      const late = service.send();
      await until('the acquire has met its fault', () => proxy.strikes.length === 1);
      service.letLeaseLapse();
      expect(await late).toBe('503 STORE_UNAVAILABLE');
      expect(service.runs).toBe(0);
      expect(await service.recordLeft()).toBe('none');
      expect(await service.send()).toBe('201');
    }));

  test('if it was taken over, is left, with its number, for the next request to take over', () =>
    withGuardedService({ tableName, requestTimeoutMs: IMPATIENT_MS }, async (service, proxy) => {
      await service.leaveLapsedLease();
      proxy.plan(once('no reply, until the client gives up', 'takeOver'));
      const late = service.send();
      await until('the takeover has met its fault', () => proxy.strikes.length === 1);
      service.letLeaseLapse();
      expect(await late).toBe('503 STORE_UNAVAILABLE');
      expect(service.runs).toBe(1);
      expect(await service.recordLeft()).toBe('INPROGRESS 2');
      expect(await service.send()).toBe('201');
      expect(await service.recordLeft()).toBe('COMPLETED 3');
    }));
});

describe('a function of onUncertain', () => {
  const found: Reconcile = () => ({ outcome: 'completed', answer: { statusCode: 201 } });

  test('is asked where the reply to the takeover was lost, and its answer recorded where that reply is, too', () =>
    withGuardedService({ tableName, onUncertain: found }, async (service, proxy) => {
      await service.leaveLapsedLease();
      proxy.plan(once('reply lost', 'takeOver'), once('reply lost', 'complete'));
      expect(await service.send()).toBe('200 replayed');
      expect(proxy.strikes).toEqual(['takeOver', 'complete']);
      expect(await service.recordLeft()).toBe('COMPLETED 2');
      expect(service.runs).toBe(1);
    }));

  test('that cannot tell leaves a key that the next retry asks about at once, whatever reply was lost', () =>
    withGuardedService({ tableName, onUncertain: () => ({ outcome: 'blocked' }) }, async (service, proxy) => {
      await service.leaveLapsedLease();
      proxy.plan(once('reply lost', 'renew'));
      expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
      expect(await service.recordLeft()).toBe('INPROGRESS 2');
      expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
      expect(await service.recordLeft()).toBe('INPROGRESS 3');
      expect(service.runs).toBe(1);
    }));

  test('that cannot tell, on a table that cannot be reached, leaves a lock that ends by itself', () =>
    withGuardedService({ tableName, onUncertain: () => ({ outcome: 'blocked' }) }, async (service, proxy) => {
      await service.leaveLapsedLease();
      proxy.plan(always('status 500', 'renew'));
      expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
      proxy.heal();
      expect(await service.send()).toBe('409 IN_PROGRESS');
      service.letLeaseLapse();
      expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
      expect(service.runs).toBe(1);
    }));
});

describe('a store that fails for good', () => {
  test("while a failed handler gives its key back: the handler's error goes out, and the key frees itself", () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      service.planRun(failingWork);
      proxy.plan(always('request lost', 'release'), always('request lost', 'read'));
      expect(await service.send()).toBe("the handler's error");
      expect(service.events.at(-1)).toMatchObject({ type: 'store-failed', during: 'release' });
      proxy.heal();
      expect(await service.send()).toBe('409 IN_PROGRESS');
      service.letLeaseLapse();
      expect(await service.send()).toBe('201');
    }));

  test("at the completion, with onUncertain: 'block': the caller has its answer, and nothing runs again", () =>
    withGuardedService({ tableName, onUncertain: 'block' }, async (service, proxy) => {
      proxy.plan(always('status 503', 'complete'));
      expect(await service.send()).toBe('201');
      proxy.heal();
      expect(await service.send()).toBe('409 IN_PROGRESS');
      service.letLeaseLapse();
      expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
      expect(service.runs).toBe(1);
      expect(await service.recordLeft()).toBe('INPROGRESS 1');
    }));
});

describe('a duplicate that meets faults of its own', () => {
  test('changes nothing while the first request runs', () =>
    withGuardedService({ tableName }, async (service, proxy) => {
      service.planRun(async () => {
        const before = await service.record();
        proxy.plan(once('reply lost', 'acquire'));
        expect(await service.send()).toBe('409 IN_PROGRESS');
        proxy.plan(always('reply lost', 'acquire'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        expect(await service.record()).toEqual(before);
        return { statusCode: 201 };
      });
      expect(await service.send()).toBe('201');
      expect(service.runs).toBe(1);
    }));
});
