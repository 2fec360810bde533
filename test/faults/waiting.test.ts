/**
 * Every fault at the reads of a duplicate that waits. Reads decide nothing: what cannot be read keeps it waiting, and
 * what can never be read makes it a duplicate that is refused, while the first attempt goes on undisturbed.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createIdempotencyTable } from '../support/dynamodb.ts';
import { until } from '../support/until.ts';
import { always, FAULT_NAMES, FAULTS, type Fault, once } from './fault.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { failingWork } from './guarded-handler.ts';
import type { GuardedService } from './guarded-service.ts';
import { PATIENT_MS, withGuardedService } from './with-guarded-service.ts';

/** So long that the end of the first attempt, and not of the wait, is what ends it. */
const LONG_MS = 9_000;
/** Long enough for a few reads, and short to wait for. */
const SHORT_MS = 600;
/** After which the client gives up a request that hangs. Only reads hang here; all others may take what they need. */
const HANGING_MS = 1_500;

let tableName: string;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

function withWaitingService(
  { fault, waitMs }: { readonly fault?: Fault; readonly waitMs: number },
  body: (service: GuardedService, proxy: FaultProxy) => Promise<void>,
): Promise<void> {
  const requestTimeoutMs = fault !== undefined && FAULTS[fault].slow ? HANGING_MS : PATIENT_MS;
  return withGuardedService({ tableName, requestTimeoutMs, onInProgress: { waitMs } }, body);
}

/** The duplicate's answer. It is sent while the first one runs, which ends as soon as `done` says. */
async function sendMeanwhile(
  service: GuardedService,
  done: (duplicate: Promise<unknown>) => Promise<unknown>,
  work: () => Promise<{ readonly statusCode: number }> = async () => ({ statusCode: 201 }),
): Promise<readonly unknown[]> {
  let duplicate: Promise<unknown> = Promise.resolve();
  service.planRun(async () => {
    duplicate = service.send();
    await done(duplicate);
    return work();
  });
  const first = await service.send();
  return [first, await duplicate];
}

describe('a fault at a read of a duplicate that waits', () => {
  test.concurrent.each(FAULT_NAMES)('%s, once: the duplicate gets the result', (fault) =>
    withWaitingService({ fault, waitMs: LONG_MS }, async (service, proxy) => {
      proxy.plan(once(fault, 'read'));
      const struck = () => until('a read was struck', () => proxy.strikes.length === 1);
      expect(await sendMeanwhile(service, struck)).toEqual(['201', '200 replayed']);
      expect(service.runs).toBe(1);
      expect(await service.recordLeft()).toBe('COMPLETED 1');
    }),
  );

  test.concurrent.each(FAULT_NAMES.filter((fault) => fault !== 'reply delayed'))(
    '%s, always: the duplicate is refused as if it had not waited, and the first one is not disturbed',
    (fault) =>
      withWaitingService({ fault, waitMs: SHORT_MS }, async (service, proxy) => {
        proxy.plan(always(fault, 'read'));
        expect(await sendMeanwhile(service, (duplicate) => duplicate)).toEqual(['201', '409 IN_PROGRESS']);
        expect(proxy.strikes.length).toBeGreaterThan(0);
        expect(service.events).toContainEqual(
          expect.objectContaining({ type: 'store-failed', during: 'read' }),
        );
        expect(service.runs).toBe(1);
        proxy.heal();
        expect(await service.send()).toBe('200 replayed');
        expect(await service.recordLeft()).toBe('COMPLETED 1');
      }),
  );
});

describe('a waiter that finds the key free', () => {
  test('runs, although the reply to its second acquire is lost', () =>
    withWaitingService({ waitMs: LONG_MS }, async (service, proxy) => {
      const claimed = () => until('it has read', () => proxy.strikes.length === 1);
      // The delayed read tells when the duplicate waits; the acquires are the first one's, its own, and its second.
      proxy.plan(once('reply delayed', 'read'), { fault: 'reply lost', at: 'acquire', from: 3, to: 3 });
      expect(await sendMeanwhile(service, claimed, failingWork)).toEqual(["the handler's error", '201']);
      expect(proxy.strikes).toEqual(['read', 'acquire']);
      expect(service.runs).toBe(2);
      expect(await service.recordLeft()).toBe('COMPLETED 1');
    }));

  test('answers 503 where the store fails at its second acquire, and does not run', () =>
    withWaitingService({ waitMs: LONG_MS }, async (service, proxy) => {
      const claimed = () => until('it has read', () => proxy.strikes.length === 1);
      proxy.plan(once('reply delayed', 'read'), { fault: 'request lost', at: 'acquire', from: 3, to: 9 });
      expect(await sendMeanwhile(service, claimed, failingWork)).toEqual([
        "the handler's error",
        '503 STORE_UNAVAILABLE',
      ]);
      expect(service.runs).toBe(1);
      proxy.heal();
      expect(await service.send()).toBe('201');
    }));
});
