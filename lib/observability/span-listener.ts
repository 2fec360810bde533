import type { IdempotencyEvent, IdempotencyEventListener } from '../idempotency/events.ts';
import { traceAttributesOf } from './trace-attributes.ts';

/** As much of a `Span` of `@opentelemetry/api` as is used here. */
export interface SpanSink {
  /** Sets one attribute of this span. */
  setAttribute(key: string, value: string | number | boolean): unknown;
}

/** OpenTelemetry's names are in lower case, with dots for namespaces. */
const ATTRIBUTES = Object.freeze({
  id: 'idempotency.id',
  admission: 'idempotency.admission',
  settlement: 'idempotency.settlement',
  attempt: 'idempotency.attempt',
  takenOver: 'idempotency.taken_over',
  waitedMs: 'idempotency.waited_ms',
} as const);

/**
 * Sets attributes on the active OpenTelemetry span, if there is one.
 *
 * @example
 * ```ts
 * import { trace } from '@opentelemetry/api';
 * const onEvent = spanListener(() => trace.getActiveSpan());
 * ```
 */
export function spanListener(activeSpan: () => SpanSink | undefined): IdempotencyEventListener {
  return function attributeEvent(event: IdempotencyEvent): void {
    const attributes = Object.entries(traceAttributesOf(event));
    if (attributes.length === 0) return;
    const span = activeSpan();
    for (const [name, value] of attributes) {
      span?.setAttribute(ATTRIBUTES[name as keyof typeof ATTRIBUTES], value);
    }
  };
}
