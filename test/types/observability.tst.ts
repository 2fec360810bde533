/** What the compiler promises to users of `./observability`. Checked by tstyche; nothing here runs. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { trace } from '@opentelemetry/api';
import { expect, test } from 'tstyche';
import type { IdempotencyEventListener } from '../../lib/index.ts';
import {
  listeners,
  logListener,
  METRICS,
  metricsListener,
  spanListener,
  tracerListener,
} from '../../lib/observability/index.ts';

test('the listeners take what Powertools and OpenTelemetry have', () => {
  const metrics = metricsListener(new Metrics());
  const log = logListener(new Logger());
  const tracer = tracerListener(new Tracer());
  const span = spanListener(() => trace.getActiveSpan());
  expect(listeners(metrics, log, tracer, span)).type.toBe<IdempotencyEventListener>();
});

test('the console is a logger, and a metric has its unit in its type', () => {
  expect(logListener).type.toBeCallableWith(console);
  expect(metricsListener).type.not.toBeCallableWith(console);
  expect(METRICS.waitTime.unit).type.toBe<'Milliseconds'>();
  expect(METRICS.acquired.unit).type.toBe<'Count'>();
});
