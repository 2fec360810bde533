/** The evidence, sorted by key: what one idempotency key has been through. */
import type { Answer } from './answer.ts';
import type { Try } from './client.ts';
import type { Execution } from './effects-log.ts';
import type { Evidence, RecordLeft, StoredRow } from './evidence.ts';
import { groupBy } from './group-by.ts';
import type { JournalEntry } from './journal.ts';
import type { Blow } from './killer.ts';
import type { Operation } from './plan.ts';

export interface KeyStory {
  readonly operation: Operation;
  /** In the order of sending. */
  readonly tries: readonly Try[];
  readonly requests: ReadonlyMap<number, RequestStory>;
  /** In the order in which their leases end. */
  readonly executions: readonly Execution[];
  readonly rows: readonly StoredRow[];
  readonly record: RecordLeft | undefined;
}

/** One request as its worker saw it. */
export interface RequestStory {
  readonly worker: string;
  readonly notes: readonly JournalEntry[];
  /** Undefined where it never held a lock. */
  readonly leaseEndsAtMs: number | undefined;
  /** Strikes that fell on its worker while it was there. */
  readonly blows: readonly Blow[];
}

export type ResultAnswer = Extract<Answer, { readonly kind: 'result' }>;

export function storiesOf(evidence: Evidence): KeyStory[] {
  const { operations, tries, journal, blows, left } = evidence;
  const triesOf = groupBy(tries, ({ key }) => key);
  const notesOf = groupBy(journal, ({ request }) => request);
  const blowsOf = groupBy(blows, ({ worker }) => worker);
  const executionsOf = groupBy(left.executions, ({ key }) => key);
  const rowsOf = groupBy(left.rows, ({ cartId }) => cartId);

  return operations.map((operation) => {
    const { key } = operation;
    const own = triesOf.get(key) ?? [];
    const requests = new Map<number, RequestStory>();
    for (const { request, worker } of own) {
      const notes = notesOf.get(request);
      if (notes !== undefined) requests.set(request, requestStory(worker, notes, blowsOf.get(worker) ?? []));
    }
    return {
      operation,
      tries: own.toSorted((one, other) => one.sentAtMs - other.sentAtMs),
      requests,
      executions: (executionsOf.get(key) ?? []).toSorted(
        (one, other) => one.leaseEndsAtMs - other.leaseEndsAtMs,
      ),
      rows: rowsOf.get(key) ?? [],
      record: left.records.get(key),
    };
  });
}

/** Every result that was given for the key: also those whose clients had gone, for these came from zombies often. */
export function resultsOf({
  tries,
  requests,
}: KeyStory): { readonly atMs: number; readonly answer: ResultAnswer }[] {
  const results: { atMs: number; answer: ResultAnswer }[] = [];
  for (const { purpose, outcome, endedAtMs } of tries) {
    if (purpose !== 'mismatch' && outcome.kind === 'result')
      results.push({ atMs: endedAtMs, answer: outcome });
  }
  for (const { notes } of requests.values()) {
    for (const { answer, atMs } of notes) if (answer?.kind === 'result') results.push({ atMs, answer });
  }
  return results.toSorted((one, other) => one.atMs - other.atMs);
}

/** It did something after its lease had ended. */
export function outlivedLease({ notes, leaseEndsAtMs }: RequestStory): boolean {
  return leaseEndsAtMs !== undefined && notes.some(({ atMs }) => atMs > leaseEndsAtMs);
}

export function wasFrozen({ blows }: RequestStory): boolean {
  return blows.some(({ kind }) => kind !== 'kill');
}

export function wasKilled({ blows }: RequestStory): boolean {
  return blows.some(({ kind }) => kind === 'kill');
}

function requestStory(worker: string, notes: readonly JournalEntry[], blows: readonly Blow[]): RequestStory {
  const fromMs = notes[0]?.atMs ?? 0;
  const answered = notes.find(({ what }) => what === 'answered');
  const untilMs = answered?.atMs ?? Number.POSITIVE_INFINITY;
  return {
    worker,
    notes,
    leaseEndsAtMs: notes.find((note) => note.leaseEndsAtMs !== undefined)?.leaseEndsAtMs,
    blows: blows.filter(
      (blow) => blow.atMs <= untilMs && (blow.untilMs ?? Number.POSITIVE_INFINITY) >= fromMs,
    ),
  };
}
