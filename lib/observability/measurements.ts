import type { IdempotencyEvent } from '../idempotency/events.ts';
import { isThrottling } from './error-names.ts';
import type { MetricKey } from './metric-definitions.ts';

/** A metric and its value: 1 for a count, milliseconds for a time. */
export type Measurement = readonly [metric: MetricKey, value: number];

type StoreFailed = Extract<IdempotencyEvent, { readonly type: 'store-failed' }>;

/** What an event counts for; an event may count for nothing, or for several metrics. */
export function measurementsOf(event: IdempotencyEvent): readonly Measurement[] {
  switch (event.type) {
    case 'acquired':
      return event.leaseEndedAtMs === undefined ? once('acquired') : once('acquired', 'takenOver');
    case 'replayed':
      return once('replayed');
    case 'in-progress':
      return once('inProgress');
    case 'waited':
      return [['waitTime', event.waitedMs]];
    case 'mismatch':
      return once('mismatch');
    case 'uncertain':
      return once('uncertain');
    case 'reconciled':
      return event.outcome === 'blocked' ? once('uncertain') : [];
    case 'completed':
      return event.omission === undefined ? once('completed') : once('completed', 'resultOmitted');
    case 'released':
    case 'suspended':
      return once('released');
    case 'lease-lost':
    case 'superseded':
      return once('superseded');
    case 'in-doubt':
      return once('inDoubt');
    case 'condition-failed':
      return once('conditionFailed');
    case 'store-failed':
      return once(...metricsOfFailure(event));
    case 'unguarded':
      return event.reason === 'store-unavailable' ? once('unguarded') : [];
    case 'store-call':
      return [['storeLatency', event.durationMs]];
    case 'step-recorded':
    case 'step-skipped':
    case 'renewed':
      return [];
  }
}

function once(...metrics: readonly MetricKey[]): readonly Measurement[] {
  return metrics.map((metric) => [metric, 1]);
}

function metricsOfFailure({ during, error }: StoreFailed): readonly MetricKey[] {
  const metrics: MetricKey[] = ['storeFailed'];
  if (during === 'complete' || during === 'commit') metrics.push('completionFailed');
  if (isThrottling(error)) metrics.push('throttled');
  return metrics;
}
