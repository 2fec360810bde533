import type { IdempotencyEvent } from '../idempotency/events.ts';

/**
 * What an event says about the request as a whole, for a trace: how it was admitted, and what became of its key. A later
 * event has the last word on a name that an earlier one has set.
 */
export interface TraceAttributes {
  /** Hashed id of the record. */
  readonly id?: string;
  readonly admission?: string;
  readonly settlement?: string;
  readonly attempt?: number;
  readonly takenOver?: true;
  readonly waitedMs?: number;
}

export function traceAttributesOf(event: IdempotencyEvent): TraceAttributes {
  switch (event.type) {
    case 'acquired': {
      const takenOver = event.leaseEndedAtMs === undefined ? {} : ({ takenOver: true } as const);
      return { id: event.id, admission: event.type, attempt: event.attempt, ...takenOver };
    }
    case 'replayed':
    case 'in-progress':
    case 'mismatch':
    case 'uncertain':
      return { id: event.id, admission: event.type };
    case 'waited':
      return { id: event.id, waitedMs: event.waitedMs };
    case 'unguarded':
      return { admission: event.type };
    case 'completed':
    case 'released':
    case 'suspended':
    case 'in-doubt':
    case 'superseded':
      return { id: event.id, settlement: event.type };
    case 'store-failed':
      return settlementOfFailure(event);
    case 'reconciled':
      return event.outcome === 'blocked' ? { settlement: 'blocked' } : {};
    case 'lease-lost':
    case 'condition-failed':
    case 'step-recorded':
    case 'step-skipped':
    case 'renewed':
    case 'store-call':
      return {};
  }
}

function settlementOfFailure({
  id,
  during,
}: Extract<IdempotencyEvent, { readonly type: 'store-failed' }>): TraceAttributes {
  switch (during) {
    case 'claim':
      return { id, admission: 'store-failed' };
    case 'complete':
    case 'commit':
    case 'release':
    case 'block':
      return { id, settlement: 'store-failed' };
    case 'read':
    case 'renew':
    case 'step':
      return {};
  }
}
