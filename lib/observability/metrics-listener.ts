import type { IdempotencyEvent, IdempotencyEventListener } from '../idempotency/events.ts';
import { measurementsOf } from './measurements.ts';
import { METRICS } from './metric-definitions.ts';

/** As much of `Metrics` of `@aws-lambda-powertools/metrics` as is used here. */
export interface MetricsSink {
  /** Adds one value; several of one name in an invocation become an array. */
  addMetric(name: string, unit: 'Count' | 'Milliseconds', value: number): unknown;
}

/**
 * Counts what the protocol does as CloudWatch metrics, by the names of {@link METRICS}.
 *
 * It adds to `metrics` and publishes nothing: let `logMetrics(metrics)` do it, used before `idempotency()` so that it comes
 * after it on the way back, or call `publishStoredMetrics()` at the end of the invocation. Alarms find a metric by its exact
 * dimensions: give it an instance that has none but its service.
 *
 * @example
 * ```ts
 * const metrics = new Metrics({ namespace: 'Shop', serviceName: 'cart' });
 * middy(addToCart)
 *   .use(logMetrics(metrics))
 *   .use(idempotency({ onEvent: metricsListener(metrics), storeTimings: true }));
 * ```
 */
export function metricsListener(metrics: MetricsSink): IdempotencyEventListener {
  return function countEvent(event: IdempotencyEvent): void {
    for (const [metric, value] of measurementsOf(event)) {
      const { name, unit } = METRICS[metric];
      metrics.addMetric(name, unit, value);
    }
  };
}
