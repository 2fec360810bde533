import { Metrics } from '@aws-lambda-powertools/metrics';
import { expect, test } from '@jest/globals';
import { StoreError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import { METRICS, metricsListener } from '../../../lib/observability/index.ts';
import { writtenDuring } from '../../security/leaks.ts';
import { EVERY_EVENT, errorNamed } from './every-event.ts';

/** Names and values that an event adds. */
function added(event: IdempotencyEvent): [name: string, value: number][] {
  const all: [string, number][] = [];
  metricsListener({ addMetric: (name, _unit, value) => all.push([name, value]) })(event);
  return all;
}

const namesOf = (event: IdempotencyEvent) => added(event).map(([name]) => name.replace(/^Idempotency/, ''));

test.each([
  ['acquired', ['Acquired']],
  ['replayed', ['Replayed']],
  ['in-progress', ['InProgress']],
  ['waited', ['WaitTime']],
  ['mismatch', ['Mismatch']],
  ['uncertain', ['Uncertain']],
  ['reconciled', ['Uncertain']],
  ['completed', ['Completed']],
  ['released', ['Released']],
  ['suspended', ['Released']],
  ['step-recorded', []],
  ['step-skipped', []],
  ['renewed', []],
  ['lease-lost', ['Superseded']],
  ['in-doubt', ['InDoubt']],
  ['superseded', ['Superseded']],
  ['condition-failed', ['ConditionFailed']],
  ['store-failed', ['StoreFailed', 'CompletionFailed', 'Throttled']],
  ['unguarded', ['Unguarded']],
  ['store-call', ['StoreLatency']],
] as const)('the event %s counts as %j', (type, names) => {
  expect(namesOf(EVERY_EVENT[type])).toEqual(names);
});

test('every event is in that list, and every metric is counted by one of them', () => {
  const counted = Object.values(EVERY_EVENT).flatMap(namesOf);
  const takenOver: IdempotencyEvent = { ...EVERY_EVENT.acquired, attempt: 2, leaseEndedAtMs: 1 };
  const omitted: IdempotencyEvent = { ...EVERY_EVENT.completed, omission: { reason: 'too-large' } };
  expect(namesOf(takenOver)).toEqual(['Acquired', 'TakenOver']);
  expect(namesOf(omitted)).toEqual(['Completed', 'ResultOmitted']);
  const known = Object.values(METRICS).map(({ name }) => name.replace(/^Idempotency/, ''));
  expect(new Set([...counted, 'TakenOver', 'ResultOmitted'])).toEqual(new Set(known));
});

test('what is no doubt, no takeover and no lock that was missed counts for nothing else', () => {
  expect(namesOf({ ...EVERY_EVENT.acquired, attempt: 2 })).toEqual(['Acquired']);
  expect(namesOf({ type: 'reconciled', id: 'o#1', attempt: 2, outcome: 'run' })).toEqual([]);
  expect(namesOf({ type: 'unguarded', reason: 'method' })).toEqual([]);
});

test.each([
  ['ProvisionedThroughputExceededException', true],
  ['ThrottlingException', true],
  ['RequestLimitExceeded', true],
  ['TimeoutError', false],
])('a failure whose cause is %s is throttling: %s', (name, isThrottling) => {
  const error = new StoreError('down', { cause: errorNamed(name) });
  expect(namesOf({ type: 'store-failed', id: 'o#1', during: 'claim', error })).toEqual(
    isThrottling ? ['StoreFailed', 'Throttled'] : ['StoreFailed'],
  );
});

test('an error that is its own cause is looked at for a while, and no longer', () => {
  const error = new Error('x');
  error.cause = error;
  expect(namesOf({ type: 'store-failed', id: 'o#1', during: 'claim', error })).toEqual(['StoreFailed']);
});

test('times are in milliseconds', () => {
  expect(added(EVERY_EVENT.waited)).toEqual([['IdempotencyWaitTime', 120]]);
  expect(added(EVERY_EVENT['store-call'])).toEqual([['IdempotencyStoreLatency', 4.2]]);
});

test("Powertools' Metrics writes them as one line of the embedded metric format", async () => {
  const written = await writtenDuring(async () => {
    const metrics = new Metrics({ namespace: 'Shop', serviceName: 'cart' });
    const listener = metricsListener(metrics);
    for (const event of [EVERY_EVENT.acquired, EVERY_EVENT['store-call'], EVERY_EVENT['store-call']]) {
      listener(event);
    }
    metrics.publishStoredMetrics();
  });
  expect(JSON.parse(written)).toEqual({
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: 'Shop',
          Dimensions: [['service']],
          Metrics: [
            { Name: 'IdempotencyAcquired', Unit: 'Count' },
            { Name: 'IdempotencyStoreLatency', Unit: 'Milliseconds' },
          ],
        },
      ],
    },
    service: 'cart',
    IdempotencyAcquired: 1,
    IdempotencyStoreLatency: [4.2, 4.2],
  });
});
