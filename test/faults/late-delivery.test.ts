/**
 * A write gets stuck, the client gives it up and tries again or goes on, and then the engine gets it after all. Each
 * of these ghosts must find that its condition no longer holds, or do no harm where it does.
 */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createIdempotencyTable } from '../support/dynamodb.ts';
import { always, once } from './fault.ts';
import { failingWork } from './guarded-handler.ts';
import { CLIENTS } from './struck-store.ts';
import { IMPATIENT_MS, MAX_ATTEMPTS, withGuardedService } from './with-guarded-service.ts';

const STUCK = 'request stuck, and delivered late';
const APPLIED = expect.objectContaining({ status: 200 });
const REFUSED = expect.objectContaining({ status: 400 });

/** Requests that hang are given up three times over, on machines that have other things to do. */
jest.setTimeout(60_000);

let tableName: string;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

describe.each(CLIENTS)('through %s,', (through) => {
  const options = () => ({ through, tableName, requestTimeoutMs: IMPATIENT_MS });

  describe('a late acquire', () => {
    test.concurrent('is refused by the completion that overtook it', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(once(STUCK, 'acquire'));
        expect(await service.send()).toBe('201');
        const completed = await service.record();

        expect(await proxy.deliverStuckRequests()).toEqual([REFUSED]);
        expect(await service.record()).toEqual(completed);
        expect(await service.send()).toBe('200 replayed');
        expect(service.runs).toBe(1);
      }));

    test.concurrent('is refused by the running attempt whose own second try it is', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(once(STUCK, 'acquire'));
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual([REFUSED]);
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 1');
      }));

    test.concurrent('after a release locks the key for no longer than its lease, and nothing runs', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(once(STUCK, 'acquire'));
        service.planRun(failingWork);
        expect(await service.send()).toBe("the handler's error");
        expect(await service.recordLeft()).toBe('none');

        expect(await proxy.deliverStuckRequests()).toEqual([APPLIED]);
        expect(await service.recordLeft()).toBe('INPROGRESS 1');
        expect(await service.send()).toBe('409 IN_PROGRESS');
        expect(service.runs).toBe(1);
        service.letLeaseLapse();
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 2');
      }));

    test.concurrent('of a request that was answered 503 locks the key for no longer than its lease', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(always(STUCK, 'acquire'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        expect(service.runs).toBe(0);
        proxy.heal();

        // The second and third try find the first one's lock, which is their own.
        expect(await proxy.deliverStuckRequests()).toEqual([APPLIED, REFUSED, REFUSED]);
        expect(await service.send()).toBe('409 IN_PROGRESS');
        service.letLeaseLapse();
        expect(await service.send()).toBe('201');
        expect(service.runs).toBe(1);
      }));
  });

  describe('a late takeover', () => {
    test.concurrent('is refused by its own second try', () =>
      withGuardedService(options(), async (service, proxy) => {
        await service.leaveLapsedLease();
        proxy.plan(once(STUCK, 'takeOver'));
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual([REFUSED]);
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 2');
      }));

    test.concurrent('of a request that was answered 503 is refused by whoever took over meanwhile', () =>
      withGuardedService(options(), async (service, proxy) => {
        await service.leaveLapsedLease();
        proxy.plan(always(STUCK, 'takeOver'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 2');
      }));
  });

  describe('a late step', () => {
    test.concurrent('is recorded, if nobody has taken over, and not run again', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.runStep();
        proxy.plan(always(STUCK, 'recordStep'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();

        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(APPLIED));
        service.letLeaseLapse();
        expect(await service.send()).toBe('201');
        expect(service.stepRuns).toBe(1);
      }));

    test.concurrent('changes nothing under the attempt that has taken over', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.runStep();
        proxy.plan(always(STUCK, 'recordStep'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        service.letLeaseLapse();
        service.planRun(async () => {
          expect(await service.record()).toMatchObject({ attempt: 2, steps: { step: '2' } });
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          expect(await service.record()).toMatchObject({ attempt: 2, steps: { step: '2' } });
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(service.stepRuns).toBe(2);
      }));
  });

  describe('a late suspension', () => {
    test.concurrent('gives the key back, with the step', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.runStep();
        service.planRun(failingWork);
        proxy.plan(always(STUCK, 'renew'));
        expect(await service.send()).toBe("the handler's error");
        expect(await service.send()).toBe('409 IN_PROGRESS');
        proxy.heal();

        expect(await proxy.deliverStuckRequests()).toEqual([APPLIED, REFUSED, REFUSED]);
        expect(await service.send()).toBe('201');
        expect(service.stepRuns).toBe(1);
      }));

    test.concurrent('leaves the lease of the attempt that has taken over alone', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.runStep();
        service.planRun(failingWork);
        proxy.plan(always(STUCK, 'renew'));
        expect(await service.send()).toBe("the handler's error");
        proxy.heal();
        service.letLeaseLapse();
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          expect(await service.send()).toBe('409 IN_PROGRESS');
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 2');
      }));
  });

  describe('a late completion', () => {
    test.concurrent('settles a key whose lease is over, if nobody has taken over', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(always(STUCK, 'complete'));
        expect(await service.send()).toBe('201');
        proxy.heal();
        service.letLeaseLapse();

        expect(await proxy.deliverStuckRequests()).toEqual([APPLIED, REFUSED, REFUSED]);
        expect(await service.send()).toBe('200 replayed');
        expect(service.runs).toBe(1);
      }));

    test.concurrent('changes nothing under the attempt that has taken over', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(always(STUCK, 'complete'));
        expect(await service.send()).toBe('201');
        proxy.heal();
        service.letLeaseLapse();
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          expect(await service.recordLeft()).toBe('INPROGRESS 2');
          return { statusCode: 201, body: '{"by":"attempt 2"}' };
        });
        expect(await service.send()).toBe('201');
        expect(await service.record()).toMatchObject({
          status: 'COMPLETED',
          attempt: 2,
          result: { kind: 'json', json: expect.stringContaining('attempt 2') },
        });
      }));
  });

  describe('a late commit', () => {
    test.concurrent('whose owner has given its key back is refused: nothing of it is ever written', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.commitWrites();
        proxy.plan(always(STUCK, 'commit'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        expect(await service.recordLeft()).toBe('none');
        proxy.heal();

        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
        expect(await service.writesApplied()).toBe(0);
        expect(await service.send()).toBe('201');
        expect(await service.writesApplied()).toBe(1);
      }));

    test.concurrent('is refused by the attempt that has acquired the key afresh', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.commitWrites();
        proxy.plan(always(STUCK, 'commit'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.writesApplied()).toBe(1);
      }));

    test.concurrent('of an attempt in doubt consumes the key, with its writes, and a retry replays', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.commitWrites();
        proxy.plan(always(STUCK, 'commit'), always('request lost', 'release'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        expect(await service.recordLeft()).toBe('INPROGRESS 1');
        proxy.heal();

        // DynamoDB knows the second and third try again by their token.
        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(APPLIED));
        expect(await service.send()).toBe('200 replayed');
        expect(await service.writesApplied()).toBe(1);
        expect(service.runs).toBe(1);
      }));

    test.concurrent('of an attempt in doubt writes nothing under the attempt that has taken over', () =>
      withGuardedService(options(), async (service, proxy) => {
        service.commitWrites();
        proxy.plan(always(STUCK, 'commit'), always('request lost', 'release'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        service.letLeaseLapse();
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 2');
        expect(await service.writesApplied()).toBe(1);
      }));
  });

  describe('a late single write', () => {
    const single = () => ({ ...options(), strategy: 'single-write' }) as const;

    test.concurrent('consumes the key with its writes, and a retry replays', () =>
      withGuardedService(single(), async (service, proxy) => {
        service.commitWrites();
        proxy.plan(always(STUCK, 'putCompleted'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();

        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(APPLIED));
        expect(await service.send()).toBe('200 replayed');
        expect(await service.writesApplied()).toBe(1);
      }));

    test.concurrent('is refused, writes included, by the retry that was faster', () =>
      withGuardedService(single(), async (service, proxy) => {
        service.commitWrites();
        proxy.plan(always(STUCK, 'putCompleted'));
        expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
        proxy.heal();
        expect(await service.send()).toBe('201');

        expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
        expect(await service.writesApplied()).toBe(1);
      }));
  });

  describe('a late release', () => {
    test.concurrent('leaves the lock of the attempt that has taken over in place', () =>
      withGuardedService(options(), async (service, proxy) => {
        proxy.plan(always(STUCK, 'release'));
        service.planRun(failingWork);
        expect(await service.send()).toBe("the handler's error");
        proxy.heal();
        service.letLeaseLapse();
        service.planRun(async () => {
          expect(await proxy.deliverStuckRequests()).toEqual(Array(MAX_ATTEMPTS).fill(REFUSED));
          expect(await service.recordLeft()).toBe('INPROGRESS 2');
          return { statusCode: 201 };
        });
        expect(await service.send()).toBe('201');
        expect(await service.recordLeft()).toBe('COMPLETED 2');
      }));
  });
});
