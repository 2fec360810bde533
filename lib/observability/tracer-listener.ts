import type { IdempotencyEvent, IdempotencyEventListener } from '../idempotency/events.ts';
import { traceAttributesOf } from './trace-attributes.ts';

/** As much of `Tracer` of `@aws-lambda-powertools/tracer` as is used here. */
export interface TracerSink {
  /** Adds an annotation, by which X-Ray can search. */
  putAnnotation(key: string, value: string | number | boolean): void;
}

/** X-Ray searches by annotations, whose names are letters, digits and underscores. */
const ANNOTATIONS = Object.freeze({
  id: 'idempotency_id',
  admission: 'idempotency_admission',
  settlement: 'idempotency_settlement',
  attempt: 'idempotency_attempt',
  takenOver: 'idempotency_taken_over',
  waitedMs: 'idempotency_waited_ms',
} as const);

/**
 * Annotates the current X-Ray segment: `idempotency_admission = "replayed"` finds all traces of duplicates. Use
 * `captureLambdaHandler(tracer)` before `idempotency()`, so that there is a segment. Where one invocation has several keys (a
 * batch), the last one has the last word: open a subsegment for each message.
 */
export function tracerListener(tracer: TracerSink): IdempotencyEventListener {
  return function annotateEvent(event: IdempotencyEvent): void {
    for (const [name, value] of Object.entries(traceAttributesOf(event))) {
      tracer.putAnnotation(ANNOTATIONS[name as keyof typeof ANNOTATIONS], value);
    }
  };
}
