/**
 * For each alarm its cause is provoked, on a real engine and behind real faults; what the listener then writes to standard
 * output is read by the alarm's own metric, statistic and threshold, as they stand in the template.
 */
import { randomUUID } from 'node:crypto';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  type IdempotencyAlarmName,
  IdempotencyAlarms,
  IdempotencyMetrics,
  IdempotencyTable,
} from '../../../lib/cdk/index.ts';
import type { IdempotencyEventListener } from '../../../lib/index.ts';
import { metricsListener } from '../../../lib/observability/index.ts';
import { always } from '../../faults/fault.ts';
import type { FaultProxy } from '../../faults/fault-proxy.ts';
import type { GuardedService } from '../../faults/guarded-service.ts';
import { withGuardedService } from '../../faults/with-guarded-service.ts';
import { writtenDuring } from '../../security/leaks.ts';
import { createCartTable, createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { runUntilKilled } from '../../support/kill-points.ts';
import { orderService } from '../commit/order-service.ts';
import { type AlarmProperties, CloudWatch } from './cloudwatch.ts';

// Loading CDK takes seconds, and several times that on a busy machine.
jest.setTimeout(60_000);

const NAMESPACE = 'Shop';
const SERVICE = 'cart';
const PERIODS_MS = 15 * 60_000;
/** Of all that a test emits, so that nothing falls into two periods because a test ran over the end of one. */
const NOW_MS = Math.floor(Date.now() / PERIODS_MS) * PERIODS_MS + 60_000;

let alarms: Partial<Record<IdempotencyAlarmName, AlarmProperties>>;
let client: DynamoDBClient;
let tableName: string;
let cloudWatch: CloudWatch;

beforeAll(async () => {
  alarms = synthesizedAlarms();
  client = testClient();
  tableName = await createIdempotencyTable(client);
});
beforeEach(() => {
  cloudWatch = new CloudWatch();
});
afterAll(() => client.destroy());

function synthesizedAlarms(): typeof alarms {
  const stack = new Stack(new App({ analyticsReporting: false }), 'Test');
  const metrics = new IdempotencyMetrics({ namespace: NAMESPACE, serviceName: SERVICE });
  const table = new IdempotencyTable(stack, 'Idempotency');
  const made = new IdempotencyAlarms(stack, 'Alarms', { metrics, table });
  const resources = Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm');
  return Object.fromEntries(
    Object.entries(made.alarms).map(([name, alarm]) => {
      const id = String(
        stack.resolve((alarm.node.defaultChild as unknown as { logicalId: string }).logicalId),
      );
      return [name, resources[id]?.['Properties'] as AlarmProperties];
    }),
  );
}

/** Lets CloudWatch have what `action` emits by the listener that it is given. */
async function observed(action: (listener: IdempotencyEventListener) => Promise<unknown>): Promise<void> {
  const log = await writtenDuring(async () => {
    const metrics = new Metrics({ namespace: NAMESPACE, serviceName: SERVICE });
    metrics.setTimestamp(NOW_MS);
    await action(metricsListener(metrics));
    metrics.publishStoredMetrics();
  });
  cloudWatch.ingest(log);
}

function observedService(
  body: (service: GuardedService, proxy: FaultProxy) => Promise<unknown>,
  options: { readonly onUncertain?: 'block' } = {},
): Promise<void> {
  return observed((listener) => withGuardedService({ tableName, listener, ...options }, body));
}

function firing(): string[] {
  return Object.entries(alarms).flatMap(([name, alarm]) => (cloudWatch.fires(alarm, NOW_MS) ? [name] : []));
}

async function repeat(times: number, action: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done += 1) await action();
}

test('there are eight alarms', () => {
  expect(Object.keys(alarms).sort()).toEqual([
    'completionFailures',
    'conflictRatio',
    'storeFailures',
    'superseded',
    'tableThrottles',
    'takeovers',
    'throttles',
    'uncertainKeys',
  ]);
});

describe('no alarm fires', () => {
  test('where nothing happens', () => {
    expect(firing()).toEqual([]);
  });

  test('over first requests, replays and a double click among many', async () => {
    await observedService(async (service) => {
      service.planRun(async () => {
        await service.send();
        return { statusCode: 201 };
      });
      await repeat(30, () => service.send());
    });
    expect(firing()).toEqual([]);
  });

  test('over conflicts that are too few to say anything', async () => {
    await observedService(async (service) => {
      service.planRun(async () => {
        await repeat(5, () => service.send());
        return { statusCode: 201 };
      });
      await service.send();
    });
    expect(firing()).toEqual([]);
  });

  test('over a lost reply, which the client makes good', async () => {
    await observedService(async (service, proxy) => {
      proxy.plan({ fault: 'reply lost', at: 'complete', from: 1, to: 1 });
      await service.send();
    });
    expect(firing()).toEqual([]);
  });

  test('for another service, or in another namespace', async () => {
    const log = await writtenDuring(async () => {
      for (const [namespace, serviceName] of [
        [NAMESPACE, 'other'],
        ['Other', SERVICE],
      ] as const) {
        const metrics = new Metrics({ namespace, serviceName });
        metrics.setTimestamp(NOW_MS);
        metricsListener(metrics)({ type: 'uncertain', id: 'other#1' });
        metrics.publishStoredMetrics();
      }
    });
    expect(log).toContain('IdempotencyUncertain');
    cloudWatch.ingest(log);
    expect(firing()).toEqual([]);
  });
});

describe('the alarm fires', () => {
  test('completionFailures: on an engine that does not complete', async () => {
    await observedService(async (service, proxy) => {
      proxy.plan(always('status 500', 'complete'));
      expect(await service.send()).toBe('201');
    });
    expect(firing()).toEqual(['completionFailures']);
  });

  test('takeovers: on a retry behind an attempt that was killed', async () => {
    const cartTable = await createCartTable(client);
    const key = randomUUID();
    const settings = { client, idempotencyTable: tableName, cartTable };
    const survival = await runUntilKilled(2, (points) => {
      const mortal = testClient();
      points.watch(mortal);
      return orderService({ ...settings, client: mortal })(key, 'cart');
    });
    expect(survival).toEqual({ kind: 'killed', at: 'after PutItem' });
    await observed((onEvent) =>
      orderService({ ...settings, options: { onEvent, now: () => Date.now() + 60_000 } })(key, 'cart'),
    );
    expect(firing()).toEqual(['takeovers']);
  });

  test('uncertainKeys: on a retry that is held back', async () => {
    await observedService(
      async (service) => {
        await service.leaveLapsedLease();
        expect(await service.send()).toBe('409 OUTCOME_UNKNOWN');
      },
      { onUncertain: 'block' },
    );
    expect(firing()).toEqual(['uncertainKeys']);
  });

  test('superseded, and takeovers: on an attempt that outlives its lease', async () => {
    await observedService(async (service) => {
      service.planRun(async () => {
        await service.letLeaseLapse();
        await service.send();
        return { statusCode: 201 };
      });
      await service.send();
    });
    expect(firing().sort()).toEqual(['superseded', 'takeovers']);
  });

  test('throttles: on an engine that throttles for longer than the client tries', async () => {
    await observedService(async (service, proxy) => {
      proxy.plan(always('ProvisionedThroughputExceededException', 'acquire'));
      expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
    });
    expect(firing()).toEqual(['throttles']);
  });

  test('storeFailures: on an engine that refuses every lock', async () => {
    await observedService(async (service, proxy) => {
      proxy.plan(always('status 500', 'acquire'));
      await repeat(5, () => service.send());
    });
    expect(firing()).toEqual(['storeFailures']);
  });

  test('conflictRatio: on callers that retry while the first request runs', async () => {
    await observedService(async (service) => {
      service.planRun(async () => {
        await repeat(4, () => service.send());
        return { statusCode: 201 };
      });
      await repeat(20, () => service.send());
    });
    expect(firing()).toEqual(['conflictRatio']);
  });

  test('tableThrottles: on what DynamoDB counts of the tries that it throttled', async () => {
    const writes = alarms.tableThrottles?.Metrics?.find(
      ({ MetricStat }) => MetricStat?.Metric.MetricName === 'WriteThrottleEvents',
    )?.MetricStat?.Metric;
    if (writes === undefined) throw new Error('The alarm does not read WriteThrottleEvents.');
    expect(writes.Namespace).toBe('AWS/DynamoDB');
    await withGuardedService({ tableName }, async (service, proxy) => {
      proxy.plan({ fault: 'ThrottlingException', at: 'acquire', from: 1, to: 10 });
      await writtenDuring(() => repeat(4, () => service.send()));
      // The proxy throttles in DynamoDB's place, and counts in its place.
      for (const _strike of proxy.strikes) cloudWatch.put(writes, NOW_MS, 1);
    });
    expect(firing()).toEqual(['tableThrottles']);
  });
});
