import { type IdempotencyEvent, type IdempotencyEventListener, shielded } from '../idempotency/events.ts';

/**
 * Several listeners as one. Each is told of every event, whatever the others throw; what one throws is shown on standard
 * error and dropped.
 *
 * @example
 * ```ts
 * const onEvent = listeners(metricsListener(metrics), logListener(logger), tracerListener(tracer));
 * ```
 */
export function listeners(...all: readonly IdempotencyEventListener[]): IdempotencyEventListener {
  const each = all.map((listener) => shielded<IdempotencyEvent>(listener));
  return function tellAll(event: IdempotencyEvent): void {
    for (const tell of each) tell(event);
  };
}
