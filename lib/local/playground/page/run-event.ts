/** A run is one press of a button: the requests that it leads to, and all that happened to them. */

import type { Observation } from '../../observation.ts';

/** What only the client knows. */
export type ClientHappening =
  /** The next try, after a pause; `after` says what the last one came to. */
  | { readonly type: 'retry-planned'; readonly pauseMs: number; readonly after: string }
  /** It waited in vain, and does not try again. */
  | { readonly type: 'no-answer'; readonly afterMs: number }
  /** It was reloaded, and has found the operation in its outbox. */
  | { readonly type: 'reloaded' }
  /** It has found in the outbox what another page has left there. */
  | { readonly type: 'adopted' }
  /** Nothing was listening at the other end, or the connection broke. */
  | { readonly type: 'no-connection' }
  | { readonly type: 'given-up' };

export type RunEvent =
  | { readonly source: 'server'; readonly id: string; readonly observation: Observation }
  | { readonly source: 'client'; readonly atMs: number; readonly happening: ClientHappening };

/** Epoch milliseconds. */
export function timeOf(event: RunEvent): number {
  return event.source === 'server' ? event.observation.atMs : event.atMs;
}

export function observationsOf(events: readonly RunEvent[]): Observation[] {
  return events.flatMap((event) => (event.source === 'server' ? [event.observation] : []));
}
