import { observationsOf, type RunEvent, timeOf } from './run-event.ts';

/** One press of a button, or a series of requests that came from elsewhere. */
export interface Run {
  /** What its requests carry as `x-demo-run`; of those from elsewhere, whatever they carry. */
  readonly id: string;
  readonly title: string;
  /** False for requests of a shell or another tab. */
  readonly isOwn: boolean;
  /** The keys that it sends; they stay in the page. */
  readonly keys: readonly string[];
  readonly cartId: string | undefined;
  readonly startedAtMs: number;
  readonly events: readonly RunEvent[];
  readonly isOver: boolean;
}

/** A run in which this much happens is under load, and no longer a picture to look at. */
const EVENTS_MAX = 500;

/**
 * Adds what has happened in its place in time: the client's own news are here at once, those of the server have a way to
 * come. An event that is known already changes nothing.
 */
export function withEvent(run: Run, event: RunEvent): Run {
  const isKnown =
    event.source === 'server' &&
    run.events.some((other) => other.source === 'server' && other.id === event.id);
  if (isKnown || run.events.length >= EVENTS_MAX) return run;
  const earlier = run.events.findLastIndex((other) => timeOf(other) <= timeOf(event));
  return { ...run, events: run.events.toSpliced(earlier + 1, 0, event) };
}

/** The records that its requests have had to do with, by their hashed ids. */
export function recordIdsOf(run: Run): string[] {
  return itemIds(run, 'idempotency');
}

export function cartIdsOf(run: Run): string[] {
  return [...new Set([...(run.cartId === undefined ? [] : [run.cartId]), ...itemIds(run, 'cart')])];
}

function itemIds({ events }: Run, table: string): string[] {
  const ids = observationsOf(events).flatMap((observation) =>
    observation.type === 'store-request' && observation.table === table && observation.itemId !== undefined
      ? [observation.itemId]
      : [],
  );
  return [...new Set(ids)];
}
