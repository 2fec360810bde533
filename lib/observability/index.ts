/**
 * Entry of `lambda-idempotency/observability`: listeners for the option `onEvent`. They know loggers, metrics and tracers by
 * their shape, and import none.
 */

export { listeners } from './listeners.ts';
export { type LogSink, logListener } from './log-listener.ts';
export { METRICS, type MetricDefinition, type MetricKey } from './metric-definitions.ts';
export { type MetricsSink, metricsListener } from './metrics-listener.ts';
export { type SpanSink, spanListener } from './span-listener.ts';
export { type TracerSink, tracerListener } from './tracer-listener.ts';
