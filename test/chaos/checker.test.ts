import { describe, expect, test } from '@jest/globals';
import type { Answer } from './answer.ts';
import { type Invariant, judge } from './checker.ts';
import type { Try } from './client.ts';
import type { Execution } from './effects-log.ts';
import type { Evidence, RecordLeft } from './evidence.ts';
import type { JournalEntry } from './journal.ts';
import { storiesOf } from './key-story.ts';
import type { Blow } from './killer.ts';
import { LEASE_MS, type Operation } from './plan.ts';

const KEY = '4f8f1d1c-6f3a-4b52-9f0e-0f6e2f6a9d11';
const T0 = 1_800_000_000_000;

function operation(changes: Partial<Operation> = {}): Operation {
  return {
    number: 1,
    key: KEY,
    onUncertain: 'retry',
    body: { cartId: KEY, sku: 'apple', quantity: 1 },
    senders: 1,
    failsFirst: false,
    mismatch: 'never',
    isRepeated: false,
    pausesMs: { beforeEffect: 0, betweenEffects: 0, afterEffects: 0, beforeAnswer: 0 },
    thinkMs: 0,
    ...changes,
  };
}

function result(execution: number, attempt = execution): Answer {
  return { kind: 'result', status: 201, executionId: `execution-${execution}`, attempt, lineId: 'line' };
}

function sent(
  request: number,
  atMs: number,
  outcome: Try['outcome'],
  purpose: Try['purpose'] = 'operation',
): Try {
  const sentAtMs = T0 + atMs;
  return { request, key: KEY, purpose, worker: `w${request}`, sentAtMs, endedAtMs: sentAtMs + 50, outcome };
}

function note(
  request: number,
  atMs: number,
  what: JournalEntry['what'],
  more: Partial<JournalEntry> = {},
): JournalEntry {
  return { request, worker: `w${request}`, atMs: T0 + atMs, what, ...more };
}

/** Number and attempt are those of the request. */
function execution(request: number, arrivedMs: number, more: Partial<Execution> = {}): Execution {
  return {
    executionId: `execution-${request}`,
    key: KEY,
    request,
    worker: `w${request}`,
    attempt: request,
    sku: 'apple',
    arrivedAtMs: T0 + arrivedMs,
    beganAtMs: T0 + arrivedMs + 5,
    leaseEndsAtMs: T0 + arrivedMs + LEASE_MS,
    ...more,
  };
}

function completedBy(request: number): RecordLeft {
  return {
    status: 'COMPLETED',
    attempt: request,
    ownerRequest: request,
    leaseEndsAtMs: T0 + LEASE_MS,
    answer: result(request),
  };
}

function evidence(changes: {
  readonly operation?: Partial<Operation>;
  readonly tries?: readonly Try[];
  readonly journal?: readonly JournalEntry[];
  readonly blows?: readonly Blow[];
  readonly executions?: readonly Execution[];
  readonly rows?: number;
  readonly record?: RecordLeft | 'gone';
}): Evidence {
  const { rows = 1, record = completedBy(1) } = changes;
  const row = {
    cartId: KEY,
    lineId: 'line',
    sku: 'apple',
    quantity: 1,
    addedAt: '2027-01-15T08:00:00.000Z',
    database: 0,
  };
  return {
    operations: [operation(changes.operation)],
    tries: changes.tries ?? [sent(1, 0, result(1)), sent(9, 9_000, result(1), 'last look')],
    journal: changes.journal ?? [note(1, 1, 'arrived'), note(1, 45, 'answered', { answer: result(1) })],
    blows: changes.blows ?? [],
    left: {
      executions: changes.executions ?? [execution(1, 1)],
      rows: Array.from({ length: rows }, (_, index) => ({
        ...row,
        lineId: index === 0 ? 'line' : `line-${index}`,
      })),
      records: new Map(record === 'gone' ? [] : [[KEY, record]]),
    },
  };
}

const KILLED: Blow = { kind: 'kill', worker: 'w1', atMs: T0 + 30, untilMs: undefined };
const NO_ANSWER = { kind: 'no answer', reason: 'ECONNRESET' } as const;
const LEASE_1 = { attempt: 1, leaseEndsAtMs: T0 + 1 + LEASE_MS };
const LATER = LEASE_MS + 100;

/** Request 1 dies between effect and record; request 2 takes over and answers. */
const TAKEN_OVER = {
  tries: [sent(1, 0, NO_ANSWER), sent(2, LATER, result(2)), sent(9, 9_000, result(2), 'last look')],
  journal: [
    note(1, 1, 'arrived'),
    note(1, 5, 'acquired', LEASE_1),
    note(1, 20, 'row put'),
    note(2, LATER + 1, 'arrived'),
    note(2, LATER + 40, 'completed'),
    note(2, LATER + 45, 'answered', { answer: result(2) }),
  ],
  blows: [KILLED],
  executions: [execution(1, 1), execution(2, LATER + 1)],
  record: completedBy(2),
};

function broken(changes: Parameters<typeof evidence>[0]): Invariant[] {
  return [...new Set(judge(storiesOf(evidence(changes))).map(({ invariant }) => invariant))];
}

describe('the checker of the chaos run keeps silent about', () => {
  test('a key that was answered once and replayed', () => {
    expect(broken({})).toEqual([]);
  });

  test('a key that was taken over after its worker was killed', () => {
    expect(broken(TAKEN_OVER)).toEqual([]);
  });

  test('a zombie that answers with the record of its successor', () => {
    const frozen: Blow = { kind: 'long stop', worker: 'w1', atMs: T0 + 30, untilMs: T0 + LATER + 500 };
    const journal = [
      ...TAKEN_OVER.journal,
      note(1, LATER + 510, 'superseded'),
      note(1, LATER + 520, 'answered', { answer: result(2) }),
    ];
    expect(broken({ ...TAKEN_OVER, journal, blows: [frozen] })).toEqual([]);
  });

  test('a key that is blocked after its worker was killed, with its row or without', () => {
    const unknown = { kind: 'refused', status: 409, code: 'OUTCOME_UNKNOWN' } as const;
    const blocked = {
      operation: { onUncertain: 'block' },
      tries: [sent(1, 0, NO_ANSWER), sent(9, 9_000, unknown, 'last look')],
      journal: [note(1, 1, 'arrived'), note(1, 5, 'acquired', LEASE_1)],
      blows: [KILLED],
      record: { ...completedBy(1), status: 'INPROGRESS', answer: undefined },
    } as const;
    expect(broken(blocked)).toEqual([]);
    expect(broken({ ...blocked, rows: 0, executions: [] })).toEqual([]);
  });

  test('another payload that is refused', () => {
    const mismatch = { kind: 'refused', status: 422, code: 'PAYLOAD_MISMATCH' } as const;
    const tries = [
      sent(1, 0, result(1)),
      sent(2, 100, mismatch, 'mismatch'),
      sent(9, 9_000, result(1), 'last look'),
    ];
    expect(broken({ tries })).toEqual([]);
  });

  test('a library that tells neither attempts nor owners', () => {
    const silent = { ...completedBy(1), attempt: undefined, ownerRequest: undefined };
    const { attempt: _, ...withoutAttempt } = execution(1, 1);
    expect(broken({ record: silent, executions: [withoutAttempt] })).toEqual([]);
  });
});

describe('the checker of the chaos run sees', () => {
  test('a second row', () => {
    expect(broken({ rows: 2 })).toEqual(['one row a key']);
  });

  test('an answer without its row', () => {
    expect(broken({ rows: 0 })).toEqual(['one row a key', 'no answer without its row']);
  });

  test('two results for one key, also where only the worker knows of the second', () => {
    const tries = [sent(1, 0, result(1)), sent(9, 9_000, result(7), 'last look')];
    expect(broken({ tries })).toEqual(['answers agree']);
    const journal = [...TAKEN_OVER.journal, note(1, LATER + 600, 'answered', { answer: result(1) })];
    expect(broken({ ...TAKEN_OVER, journal })).toContain('answers agree');
  });

  test('a record that is gone, or not completed, after an answer', () => {
    expect(broken({ record: 'gone' })).toEqual(['answers agree']);
    expect(broken({ record: { ...completedBy(1), status: 'INPROGRESS', answer: undefined } })).toEqual([
      'answers agree',
    ]);
  });

  test('a record of one attempt that holds the result of another', () => {
    const record = { ...completedBy(2), answer: result(1) };
    expect(broken({ ...TAKEN_OVER, record })).toContain('a zombie changes nothing');
  });

  test('an owner that is not the request which ran', () => {
    expect(broken({ record: { ...completedBy(1), ownerRequest: 5 } })).toEqual(['a zombie changes nothing']);
  });

  test('an execution within the lease of another one', () => {
    const early = [execution(1, 1), execution(2, LATER + 1, { beganAtMs: T0 + LEASE_MS - 100 })];
    expect(broken({ ...TAKEN_OVER, executions: early })).toEqual(['one live lease']);
  });

  test('a run that was asked for after the key was consumed', () => {
    const executions = [...TAKEN_OVER.executions, execution(3, 3 * LATER)];
    expect(broken({ ...TAKEN_OVER, executions })).toContain('completed is final');
  });

  test('a takeover that does not count', () => {
    const executions = [execution(1, 1), execution(2, LATER + 1, { attempt: 1 })];
    expect(broken({ ...TAKEN_OVER, executions })).toEqual(['attempts grow']);
  });

  test('a further execution although nothing befell the first', () => {
    expect(broken({ ...TAKEN_OVER, blows: [] })).toEqual(['a further execution is explained']);
  });

  test("a second execution with onUncertain 'block'", () => {
    expect(broken({ ...TAKEN_OVER, operation: { onUncertain: 'block' } })).toEqual(['blocked keys run once']);
  });

  test('a key that is blocked without a reason', () => {
    const unknown = { kind: 'refused', status: 409, code: 'OUTCOME_UNKNOWN' } as const;
    const tries = [sent(1, 0, unknown), sent(9, 9_000, unknown, 'last look')];
    const record = { ...completedBy(1), status: 'INPROGRESS', answer: undefined };
    const journal = [note(1, 1, 'arrived'), note(1, 45, 'answered', { answer: unknown })];
    expect(broken({ operation: { onUncertain: 'block' }, tries, journal, record })).toEqual([
      'blocked keys run once',
    ]);
  });

  describe('another payload', () => {
    const first = sent(1, 0, result(1));
    const last = sent(9, 9_000, result(1), 'last look');
    const refused = (request: number, atMs: number, status: number, code: string) =>
      sent(request, atMs, { kind: 'refused', status, code }, 'mismatch');

    test('that is given a result', () => {
      const tries = [
        first,
        sent(2, 100, result(1), 'mismatch'),
        refused(3, 200, 422, 'PAYLOAD_MISMATCH'),
        last,
      ];
      expect(broken({ tries })).toEqual(['another payload changes nothing']);
    });

    test('that runs', () => {
      const executions = [execution(1, 1, { sku: 'dates' })];
      expect(broken({ executions })).toEqual(['another payload changes nothing']);
    });

    test('that is refused for another reason first', () => {
      const tries = [
        first,
        refused(2, 100, 409, 'IN_PROGRESS'),
        refused(3, 200, 422, 'PAYLOAD_MISMATCH'),
        last,
      ];
      expect(broken({ tries })).toEqual(['another payload is told so']);
    });

    test('that is never told what is wrong', () => {
      const tries = [first, refused(2, 100, 503, 'STORE_UNAVAILABLE'), last];
      expect(broken({ tries })).toEqual(['another payload is told so']);
    });
  });

  describe('a key that stays locked', () => {
    const inProgress = { kind: 'refused', status: 409, code: 'IN_PROGRESS' } as const;

    /** Request 2 comes at `atMs` and is told to wait. */
    function toldToWait(atMs: number, journal: readonly JournalEntry[]): Invariant[] {
      const refused = [note(2, atMs, 'arrived'), note(2, atMs + 20, 'answered', { answer: inProgress })];
      const tries = [
        sent(1, 0, result(1)),
        sent(2, atMs, inProgress),
        sent(9, 9_000, result(1), 'last look'),
      ];
      return broken({ tries, journal: [...journal, ...refused] });
    }
    const acquired = [note(1, 1, 'arrived'), note(1, 5, 'acquired', LEASE_1)];

    test('beyond its lease', () => {
      expect(toldToWait(LEASE_MS - 100, acquired)).toEqual([]);
      expect(toldToWait(LEASE_MS + 100, acquired)).toEqual(['no key is stuck']);
    });

    test('beyond the lease that a request may have got which died before it could tell', () => {
      expect(toldToWait(LEASE_MS - 100, [note(1, 1, 'arrived')])).toEqual([]);
      expect(toldToWait(LEASE_MS + 100, [note(1, 1, 'arrived')])).toEqual(['no key is stuck']);
    });

    test.each(['completed', 'released'] as const)('when it was %s', (what) => {
      expect(toldToWait(50, [...acquired, note(1, 60, what)])).toEqual([]);
      expect(toldToWait(100, [...acquired, note(1, 60, what)])).toEqual(['no key is stuck']);
    });

    test('for its clients, however they are refused', () => {
      const unavailable = { kind: 'refused', status: 503, code: 'STORE_UNAVAILABLE' } as const;
      const untilServed = (ms: number) => [
        sent(1, 0, unavailable),
        sent(2, ms, result(1)),
        sent(9, ms, result(1), 'last look'),
      ];
      expect(broken({ tries: untilServed(3_000) })).toEqual([]);
      expect(broken({ tries: untilServed(LEASE_MS + 3_000) })).toEqual(['no key is stuck']);
    });

    test('for good', () => {
      const tries = [sent(1, 0, result(1)), sent(9, 9_000, inProgress, 'last look')];
      expect(broken({ tries })).toEqual(['no key is stuck']);
    });
  });

  test('a request that is taken for another payload, or for malformed', () => {
    const last = sent(9, 9_000, result(1), 'last look');
    for (const status of [400, 422]) {
      const refused = { kind: 'refused', status, code: 'ANY' } as const;
      expect(broken({ tries: [sent(1, 0, refused), last] })).toContain('no request is misjudged');
    }
  });
});
