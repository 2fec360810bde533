/** Runs of the playground as a test writes them: what happened to which request, and when. */

import type { Happening, ToldEvent } from '../../../lib/local/observation.ts';
import type { ClientHappening, RunEvent } from '../../../lib/local/playground/page/run-event.ts';

const STARTED_AT_MS = Date.UTC(2026, 0, 1);

/** A line: milliseconds since the start, the request's number, and what happens to it. `client`: no request's. */
export type ScriptLine =
  | readonly [atMs: number, request: number, happening: Happening]
  | readonly [atMs: number, request: 'client', happening: ClientHappening];

export function eventsOf(script: readonly ScriptLine[]): RunEvent[] {
  return script.map(([atMs, request, happening], index): RunEvent => {
    const at = STARTED_AT_MS + atMs;
    if (request === 'client') return { source: 'client', atMs: at, happening };
    return {
      source: 'server',
      id: `boot:${index}`,
      observation: { ...happening, requestId: `request-${request}`, atMs: at },
    };
  });
}

export const received: Happening = { type: 'received', method: 'POST', path: '/cart/items' };

export function receivedFrom(caller: string): Happening {
  return { type: 'received', method: 'POST', path: '/cart/items', caller };
}

export function acquired(attempt = 1, id = 'add-to-cart#one'): Happening {
  return protocol({ type: 'acquired', id, attempt, leaseEndsAtMs: STARTED_AT_MS + 5_000 });
}

export function completed(attempt = 1, id = 'add-to-cart#one'): Happening {
  return protocol({ type: 'completed', id, attempt });
}

export function released(): Happening {
  return protocol({ type: 'released', id: 'add-to-cart#one', attempt: 1 });
}

function protocol(event: ToldEvent): Happening {
  return { type: 'protocol', event };
}

export function answered(
  status: number,
  more: Partial<Extract<Happening, { readonly type: 'answered' }>> = {},
): Happening {
  return { type: 'answered', status, replayed: false, fate: 'sent', ...more };
}

export const conflict = answered(409, { problem: 'in-progress', retryAfterSeconds: 5 });

type StoreReply = Extract<Happening, { readonly type: 'store-reply' }>;

/** A request to a table, and its reply. */
export function exchange(
  table: StoreReply['table'],
  operation: string,
  outcome: StoreReply['outcome'] = 'done',
): readonly [Happening, Happening] {
  const request = { storeRequest: 1, operation, table } as const;
  return [
    { type: 'store-request', ...request, itemId: `${table}-item` },
    { type: 'store-reply', ...request, outcome },
  ];
}

/** A request that runs from `atMs` on, without its answer. */
export function run(atMs: number, request: number, workMs: number): ScriptLine[] {
  const [claim, locked] = exchange('idempotency', 'PutItem');
  const [put, added] = exchange('cart', 'PutItem');
  const [update, recorded] = exchange('idempotency', 'UpdateItem');
  return [
    [atMs, request, received],
    [atMs + 1, request, claim],
    [atMs + 2, request, locked],
    [atMs + 2, request, acquired()],
    [atMs + 3 + workMs, request, put],
    [atMs + 4 + workMs, request, added],
    [atMs + 5 + workMs, request, update],
    [atMs + 6 + workMs, request, recorded],
    [atMs + 6 + workMs, request, completed()],
  ];
}

/** A duplicate, up to its answer. */
export function duplicate(atMs: number, request: number, answer: Happening): ScriptLine[] {
  const [claim, refused] = exchange('idempotency', 'PutItem', 'condition-failed');
  return [
    [atMs, request, received],
    [atMs + 1, request, claim],
    [atMs + 2, request, refused],
    [atMs + 3, request, answer],
  ];
}
