import type { IdempotencyEvent, IdempotencyEventListener } from '../idempotency/events.ts';
import { namesOf } from './error-names.ts';

/** As much of `Logger` of `@aws-lambda-powertools/logger` as is used here; `console` fits as well. */
export interface LogSink {
  /** Of what goes as it should, for whoever looks closely. */
  debug(message: string, fields: Record<string, unknown>): void;
  /** Of what a client might ask about. */
  info(message: string, fields: Record<string, unknown>): void;
  /** Of what a person should look at. */
  warn(message: string, fields: Record<string, unknown>): void;
  /** Of what has failed. */
  error(message: string, fields: Record<string, unknown>): void;
}

type Level = keyof LogSink;

/**
 * Writes each event as a structured line: the message says which event, the member `idempotency` holds the record's hashed id
 * and what else the event tells. Of errors it holds the names, also of their causes, and never a message.
 *
 * The ordinary course (acquired, completed, released, steps, renewals, calls to the store) is at level `debug`, duplicates at `info`,
 * whatever a person should look at is at `warn`, and a key that may not be consumed although its handler has run at `error`.
 */
export function logListener(logger: LogSink): IdempotencyEventListener {
  return function logEvent(event: IdempotencyEvent): void {
    logger[levelOf(event)](`idempotency: ${event.type}`, { idempotency: fieldsOf(event) });
  };
}

function fieldsOf(event: IdempotencyEvent): Record<string, unknown> {
  const { type, ...told } = event;
  const fields = { event: type, ...told };
  if ('omission' in told && told.omission !== undefined) {
    const { reason, error } = told.omission;
    return { ...fields, omission: reason, ...(error === undefined ? {} : { error: namesOf(error) }) };
  }
  return 'error' in told ? { ...fields, error: namesOf(told.error) } : fields;
}

function levelOf(event: IdempotencyEvent): Level {
  switch (event.type) {
    case 'acquired':
      return event.leaseEndedAtMs === undefined ? 'debug' : 'warn';
    case 'completed':
      return event.omission === undefined ? 'debug' : 'warn';
    case 'reconciled':
      return event.outcome === 'blocked' ? 'warn' : 'info';
    case 'store-failed':
      return event.during === 'complete' || event.during === 'commit' ? 'error' : 'warn';
    case 'unguarded':
      return event.reason === 'store-unavailable' ? 'warn' : 'debug';
    case 'replayed':
    case 'in-progress':
    case 'waited':
    case 'mismatch':
    case 'condition-failed':
      return 'info';
    case 'uncertain':
    case 'in-doubt':
    case 'lease-lost':
    case 'superseded':
      return 'warn';
    case 'released':
    case 'suspended':
    case 'step-recorded':
    case 'step-skipped':
    case 'renewed':
    case 'store-call':
      return 'debug';
  }
}
