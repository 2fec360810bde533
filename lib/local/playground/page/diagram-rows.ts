/** A run as the rows of a sequence diagram: what happened first is on top. */

import type { Observation } from '../../observation.ts';
import { type RunEvent, timeOf } from './run-event.ts';

export type Lifeline = 'client' | 'function' | 'dynamodb';

/** `good`: something took effect or was confirmed. `refused`: nothing changed. `bad`: lost, dead or unknown. */
export type Tone = 'plain' | 'running' | 'good' | 'refused' | 'bad';

interface RowCommon {
  /** Stays the same while the diagram grows. */
  readonly id: string;
  readonly label: string;
  readonly tone: Tone;
  /** Which requests of the run: more than one where the same happened to several at once. */
  readonly requests: readonly number[];
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** Whether a handler is running, and what is known of the keys, after this row. */
  readonly isRunning: boolean;
  readonly key: 'absent' | 'locked' | 'consumed';
}

export type DiagramRow = RowCommon &
  (
    | { readonly kind: 'arrow'; readonly from: Lifeline; readonly to: Lifeline; readonly isLost: boolean }
    | { readonly kind: 'note'; readonly at: Lifeline }
  );

type Content =
  | {
      readonly kind: 'arrow';
      readonly from: Lifeline;
      readonly to: Lifeline;
      readonly isLost: boolean;
      readonly label: string;
      readonly tone: Tone;
    }
  | { readonly kind: 'note'; readonly at: Lifeline; readonly label: string; readonly tone: Tone };

/** Up to so many requests each is drawn for itself; of more, what happens to several at once is one row. */
const SINGLE_REQUESTS_MAX = 3;
/** Rows of the same kind this close together may become one. */
const AT_ONCE_WITHIN_MS = 250;

export function diagramRows(events: readonly RunEvent[]): DiagramRow[] {
  const numbers = numberRequests(events);
  const isCrowd = numbers.size > SINGLE_REQUESTS_MAX;
  const state = new RunState();
  const rows: DiagramRow[] = [];
  for (const event of events) {
    if (event.source === 'server') state.apply(event.observation);
    const content =
      event.source === 'client' ? clientContent(event) : serverContent(event.observation, state);
    if (content === undefined) continue;
    const request = event.source === 'server' ? numbers.get(event.observation.requestId) : undefined;
    const row: DiagramRow = {
      ...content,
      id: event.source === 'server' ? event.id : `${event.happening.type} ${event.atMs}`,
      requests: request === undefined ? [] : [request],
      atMs: timeOf(event),
      isRunning: state.isRunning(),
      key: state.key(),
    };
    if (event.source === 'server' && event.observation.type === 'request-lost') markLost(rows, row);
    else if (!(isCrowd && joinEarlier(rows, row))) rows.push(row);
  }
  return rows;
}

function numberRequests(events: readonly RunEvent[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const event of events) {
    if (event.source !== 'server' || event.observation.type !== 'received') continue;
    numbers.set(event.observation.requestId, numbers.size + 1);
  }
  return numbers;
}

/** The arrow of the request has been drawn when it turns out that it arrived nowhere. */
function markLost(rows: DiagramRow[], lost: DiagramRow): void {
  const index = rows.findLastIndex(
    ({ kind, requests }) => kind === 'arrow' && requests.includes(lost.requests[0] ?? 0),
  );
  const arrow = rows[index];
  if (arrow?.requests.length === 1) rows[index] = { ...lost, id: arrow.id };
  else rows.push(lost);
}

/**
 * Adds the row's request to an earlier row that says the same. Never to one in front of something that has happened to
 * this very request: for each request, the order of its rows stays what it was.
 */
function joinEarlier(rows: DiagramRow[], row: DiagramRow): boolean {
  const [request] = row.requests;
  if (request === undefined) return false;
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const earlier = rows[index];
    if (earlier === undefined || row.atMs - earlier.atMs > AT_ONCE_WITHIN_MS) return false;
    if (isSame(earlier, row)) {
      rows[index] = { ...earlier, requests: [...earlier.requests, request] };
      return true;
    }
    if (earlier.requests.includes(request)) return false;
  }
  return false;
}

function isSame(a: DiagramRow, b: DiagramRow): boolean {
  return a.label === b.label && pathOf(a) === pathOf(b);
}

function pathOf(row: DiagramRow): string {
  return row.kind === 'note' ? row.at : `${row.from} ${row.to} ${row.isLost}`;
}

/** Which attempts are running and which keys are locked, as observed so far. */
class RunState {
  readonly #running = new Set<string>();
  readonly #keys = new Map<string, 'absent' | 'locked' | 'consumed'>();
  readonly #claims = new Map<string, number>();

  apply(observation: Observation): void {
    const { requestId } = observation;
    if (observation.type === 'died' || observation.type === 'answered') this.#running.delete(requestId);
    if (observation.type === 'store-request' && isClaim(observation)) {
      this.#claims.set(requestId, (this.#claims.get(requestId) ?? 0) + 1);
    }
    if (observation.type !== 'protocol') return;
    const { event } = observation;
    if (event.type === 'acquired') {
      this.#running.add(requestId);
      this.#keys.set(event.id, 'locked');
    } else if (event.type === 'completed') {
      this.#keys.set(event.id, 'consumed');
    } else if (event.type === 'released') {
      this.#keys.set(event.id, 'absent');
    }
  }

  isRunning(): boolean {
    return this.#running.size > 0;
  }

  /** Of several keys, the one that is furthest from rest. */
  key(): 'absent' | 'locked' | 'consumed' {
    const keys = [...this.#keys.values()];
    if (keys.includes('locked')) return 'locked';
    return keys.includes('consumed') ? 'consumed' : 'absent';
  }

  /** 1 for a request's first conditional put of its record, 2 for the one that takes over. */
  claimsOf(requestId: string): number {
    return this.#claims.get(requestId) ?? 0;
  }
}

function isClaim(observation: { readonly table: string; readonly operation: string }): boolean {
  return observation.table === 'idempotency' && observation.operation === 'PutItem';
}

function arrow(from: Lifeline, to: Lifeline, label: string, tone: Tone = 'plain', isLost = false): Content {
  return { kind: 'arrow', from, to, label, tone, isLost };
}

function note(at: Lifeline, label: string, tone: Tone = 'plain'): Content {
  return { kind: 'note', at, label, tone };
}

function clientContent({ happening }: Extract<RunEvent, { readonly source: 'client' }>): Content {
  switch (happening.type) {
    case 'retry-planned':
      return note('client', `${happening.after}: tries again ${inTime(happening.pauseMs)}`);
    case 'no-answer':
      return note('client', `no answer for ${seconds(happening.afterMs)}`, 'bad');
    case 'reloaded':
      return note('client', 'page reloaded; the outbox has the key');
    case 'adopted':
      return note('client', 'found in the outbox, with its key');
    case 'no-connection':
      return note('client', 'no connection', 'bad');
    case 'given-up':
      return note('client', 'gives up', 'bad');
  }
}

function serverContent(observation: Observation, state: RunState): Content | undefined {
  switch (observation.type) {
    case 'received': {
      const { method, path, caller } = observation;
      return arrow('client', 'function', `${method} ${path}${caller === undefined ? '' : `, ${caller}`}`);
    }
    case 'request-lost':
      return arrow('client', 'function', 'request, lost on the way', 'bad', true);
    case 'client-left':
      return note('function', `its client has left after ${seconds(observation.afterMs)}`, 'bad');
    case 'store-request':
      return arrow(
        'function',
        'dynamodb',
        storeRequestLabel(observation, state.claimsOf(observation.requestId)),
      );
    case 'store-reply':
      return storeReply(observation);
    case 'protocol':
      return protocolNote(observation.event);
    case 'died':
      return note(
        'function',
        observation.outcome === 'crashed' ? 'the process dies' : 'its time is over',
        'bad',
      );
    case 'answered':
      return answer(observation);
  }
}

type Of<Type extends Observation['type']> = Extract<Observation, { readonly type: Type }>;

function storeRequestLabel({ table, operation }: Of<'store-request'>, claims: number): string {
  if (table === 'cart') return operation === 'PutItem' ? 'put the row, if it is new' : 'read the row';
  switch (operation) {
    case 'PutItem':
      return claims > 1 ? 'take over the lapsed lock' : 'put a lock, if none';
    case 'UpdateItem':
      return 'record the result, if owner';
    case 'DeleteItem':
      return 'give the lock back, if owner';
    case 'GetItem':
      return 'read the record';
    default:
      return operation;
  }
}

function storeReply({ table, operation, outcome }: Of<'store-reply'>): Content {
  const reply = (label: string, tone: Tone) => arrow('dynamodb', 'function', label, tone);
  if (outcome === 'failed') return reply('no reply', 'bad');
  if (outcome === 'condition-failed') {
    return table === 'cart'
      ? reply('the row is there already', 'refused')
      : reply('refused: there is a record', 'refused');
  }
  if (table === 'cart') return reply(operation === 'PutItem' ? 'row added' : 'the row', 'good');
  switch (operation) {
    case 'PutItem':
      return reply('locked', 'good');
    case 'UpdateItem':
      return reply('recorded, key consumed', 'good');
    case 'DeleteItem':
      return reply('unlocked', 'good');
    default:
      return reply('the record', 'plain');
  }
}

/** What the arrows do not say by themselves. */
function protocolNote(event: Of<'protocol'>['event']): Content | undefined {
  switch (event.type) {
    case 'acquired':
      return note(
        'function',
        event.attempt === 1 ? 'the handler runs' : `attempt ${event.attempt} runs the handler`,
        'running',
      );
    case 'in-doubt':
      return note('function', 'outcome unknown until the lease ends', 'bad');
    case 'superseded':
      return note('function', 'another attempt has taken over', 'bad');
    case 'store-failed':
      return note('function', 'the table does not answer', 'bad');
    default:
      return undefined;
  }
}

function answer({ status, replayed, problem, retryAfterSeconds, fate }: Of<'answered'>): Content {
  const words = [
    String(status),
    ...(problem === undefined ? [] : [problem.replaceAll('-', ' ')]),
    ...(replayed ? ['replayed'] : []),
    ...(retryAfterSeconds === undefined ? [] : [`retry after ${retryAfterSeconds} s`]),
    ...(fate === 'lost' ? ['lost on the way'] : fate === 'client-gone' ? ['nobody is waiting'] : []),
  ];
  const tone = fate !== 'sent' || status >= 500 ? 'bad' : status >= 400 ? 'refused' : 'good';
  return arrow('function', 'client', words.join(', '), tone, fate !== 'sent');
}

function inTime(ms: number): string {
  return ms < 50 ? 'at once' : `in ${seconds(ms)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
