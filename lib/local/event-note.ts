import type { IdempotencyEvent } from '../index.ts';

const SHORT_ID_CHARACTERS = 8;

/** What the protocol did, in a few words for one line of output. Names the record by the start of its hash. */
export function describeEvent(event: IdempotencyEvent): string {
  switch (event.type) {
    case 'acquired':
      return event.attempt === 1
        ? `${shortId(event.id)} acquired`
        : `${shortId(event.id)} taken over (attempt ${event.attempt})`;
    case 'reconciled':
      return `reconciled: ${event.outcome}${event.error === undefined ? '' : ` (${event.error.name})`}`;
    case 'completed':
      return 'completed';
    case 'released':
      return 'released, a retry may run';
    case 'suspended':
      return 'given back with its steps, a retry goes on behind them';
    case 'step-recorded':
      return `step ${event.step} recorded`;
    case 'step-skipped':
      return `step ${event.step} skipped, it has its result`;
    case 'renewed':
      return 'lease renewed';
    case 'lease-lost':
      return 'lease lost';
    case 'in-doubt':
      return 'in doubt until the lease ends';
    case 'superseded':
      return 'superseded by another attempt';
    case 'replayed':
      return `${shortId(event.id)} replayed${event.from === 'cache' ? ' from the cache' : ''}`;
    case 'in-progress':
      return `${shortId(event.id)} in progress, lease ends in ${(event.retryAfterMs / 1000).toFixed(1)} s`;
    case 'waited':
      return `${shortId(event.id)} waited ${(event.waitedMs / 1000).toFixed(1)} s (${event.reads} reads)`;
    case 'mismatch':
      return `${shortId(event.id)} refused: other payload`;
    case 'uncertain':
      return `${shortId(event.id)} refused: outcome unknown`;
    case 'condition-failed':
      return `condition of write ${event.writes.join(', ')} not met, nothing written`;
    case 'store-failed':
      return `${shortId(event.id)} store failed during ${event.during}: ${event.error.message}`;
    case 'unguarded':
      return `unguarded (${event.reason})`;
    case 'store-call':
      return `${event.operation} took ${event.durationMs.toFixed(1)} ms${event.failed ? ', and failed' : ''}`;
  }
}

/** `#3f9ac0de`: enough to follow one key through the output. */
function shortId(id: string): string {
  return `#${id.slice(id.lastIndexOf('#') + 1).slice(0, SHORT_ID_CHARACTERS)}`;
}
