import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DiagramRow, diagramRows } from '../../../lib/local/playground/page/diagram-rows.ts';
import {
  acquired,
  answered,
  conflict,
  duplicate,
  eventsOf,
  exchange,
  received,
  run,
  type ScriptLine,
} from './run-script.ts';

function rowsOf(script: readonly ScriptLine[]): DiagramRow[] {
  return diagramRows(eventsOf(script.toSorted(([a], [b]) => a - b)));
}

/** `1 client>function POST /cart/items`, `1 @function the handler runs`. */
function brief(row: DiagramRow): string {
  const place = row.kind === 'note' ? `@${row.at}` : `${row.from}>${row.to}${row.isLost ? ' X' : ''}`;
  return `${row.requests.join('+')} ${place} ${row.label}`;
}

describe('a run becomes rows in the order of time', () => {
  test('a first request', () => {
    expect(rowsOf([...run(0, 1, 100), [120, 1, answered(201)]]).map(brief)).toEqual([
      '1 client>function POST /cart/items',
      '1 function>dynamodb put a lock, if none',
      '1 dynamodb>function locked',
      '1 @function the handler runs',
      '1 function>dynamodb put the row, if it is new',
      '1 dynamodb>function row added',
      '1 function>dynamodb record the result, if owner',
      '1 dynamodb>function recorded, key consumed',
      '1 function>client 201',
    ]);
  });

  test('a duplicate, which asks once and changes nothing', () => {
    const rows = rowsOf([...run(0, 1, 1_000), ...duplicate(100, 2, conflict)]);
    expect(rows.filter(({ requests }) => requests.includes(2)).map(brief)).toEqual([
      '2 client>function POST /cart/items',
      '2 function>dynamodb put a lock, if none',
      '2 dynamodb>function refused: there is a record',
      '2 function>client 409, in progress, retry after 5 s',
    ]);
  });

  test('a takeover, which asks twice, and finds the row of the attempt that died', () => {
    const [claim, refused] = exchange('idempotency', 'PutItem', 'condition-failed');
    const [takeOver, locked] = exchange('idempotency', 'PutItem');
    const [put, found] = exchange('cart', 'PutItem', 'condition-failed');
    const rows = rowsOf([
      [0, 1, received],
      [1, 1, claim],
      [2, 1, refused],
      [3, 1, takeOver],
      [4, 1, locked],
      [5, 1, acquired(2)],
      [6, 1, put],
      [7, 1, found],
    ]);
    expect(rows.slice(3).map(brief)).toEqual([
      '1 function>dynamodb take over the lapsed lock',
      '1 dynamodb>function locked',
      '1 @function attempt 2 runs the handler',
      '1 function>dynamodb put the row, if it is new',
      '1 dynamodb>function the row is there already',
    ]);
  });

  test('what is lost ends on its way, and a request that is lost is one arrow', () => {
    expect(
      rowsOf([
        [0, 1, received],
        [0, 1, { type: 'request-lost' }],
        [10, 2, received],
        [20, 2, answered(201, { fate: 'lost' })],
        [30, 3, received],
        [40, 3, answered(201, { fate: 'client-gone' })],
      ]).map(brief),
    ).toEqual([
      '1 client>function X request, lost on the way',
      '2 client>function POST /cart/items',
      '2 function>client X 201, lost on the way',
      '3 client>function POST /cart/items',
      '3 function>client X 201, nobody is waiting',
    ]);
  });

  test('what only the client knows', () => {
    expect(
      rowsOf([
        [0, 'client', { type: 'retry-planned', pauseMs: 1_250, after: '409' }],
        [1, 'client', { type: 'retry-planned', pauseMs: 7, after: 'no answer' }],
        [2, 'client', { type: 'no-answer', afterMs: 3_500 }],
        [3, 'client', { type: 'no-connection' }],
        [4, 'client', { type: 'given-up' }],
      ]).map(brief),
    ).toEqual([
      ' @client 409: tries again in 1.3 s',
      ' @client no answer: tries again at once',
      ' @client no answer for 3.5 s',
      ' @client no connection',
      ' @client gives up',
    ]);
  });
});

describe('the lifelines show', () => {
  test('while the handler runs, and whether the key is locked or consumed', () => {
    const rows = rowsOf([...run(0, 1, 10), [30, 1, answered(201)]]);
    expect(rows.map(({ isRunning, key }) => `${isRunning ? 'running' : 'idle'} ${key}`)).toEqual([
      ...Array(3).fill('idle absent'),
      ...Array(5).fill('running locked'),
      'idle consumed',
    ]);
  });

  test('that a key stays locked when its process dies', () => {
    const rows = rowsOf([
      [0, 1, received],
      [1, 1, acquired()],
      [2, 1, { type: 'died', outcome: 'crashed' }],
    ]);
    expect(rows.at(-1)).toMatchObject({ label: 'the process dies', isRunning: false, key: 'locked' });
  });
});

describe('of many requests, what happens to several at once is one row', () => {
  const crowd = [2, 3, 4, 5].flatMap((request) => duplicate(request * 3, request, conflict));

  test('with all of their numbers', () => {
    const rows = rowsOf([...run(0, 1, 1_000), ...crowd]);
    const shared = rows.filter(({ requests }) => requests.length > 1).map(brief);
    expect(shared).toEqual([
      '1+2+3+4+5 client>function POST /cart/items',
      '1+2+3+4+5 function>dynamodb put a lock, if none',
      '2+3+4+5 dynamodb>function refused: there is a record',
      '2+3+4+5 function>client 409, in progress, retry after 5 s',
    ]);
  });

  test('but not what happens later', () => {
    const later = duplicate(2_000, 6, conflict);
    const rows = rowsOf([...run(0, 1, 1_000), ...crowd, ...later]);
    expect(rows.filter(({ requests }) => requests.includes(6)).map(({ requests }) => requests)).toEqual([
      [6],
      [6],
      [6],
      [6],
    ]);
  });

  test('and up to three requests are drawn each for itself', () => {
    const rows = rowsOf([...run(0, 1, 100), ...duplicate(3, 2, conflict), ...duplicate(4, 3, conflict)]);
    expect(rows.every(({ requests }) => requests.length === 1)).toBe(true);
  });

  test('whatever the interleaving, each request keeps all of its rows in their order', () => {
    const REQUESTS = 6;
    const steps = ['POST', 'put a lock', 'refused', '409'];
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 400 }), { minLength: REQUESTS, maxLength: REQUESTS }),
        fc.array(fc.nat({ max: 80 }), { minLength: REQUESTS * 3, maxLength: REQUESTS * 3 }),
        (starts, pauses) => {
          const script = starts.flatMap((startMs, index): ScriptLine[] => {
            let atMs = startMs;
            return duplicate(0, index + 1, conflict).map((line, step) => {
              if (step > 0) atMs += pauses[index * 3 + step - 1] ?? 0;
              return [atMs, line[1], line[2]] as ScriptLine;
            });
          });
          const rows = rowsOf(script);
          const numbered = new Set(rows.flatMap(({ requests }) => requests));
          expect(numbered.size).toBe(REQUESTS);
          for (const request of numbered) {
            const own = rows.filter(({ requests }) => requests.includes(request));
            expect(own).toHaveLength(steps.length);
            for (const [index, { label }] of own.entries()) expect(label).toContain(steps[index]);
          }
        },
      ),
    );
  });
});
