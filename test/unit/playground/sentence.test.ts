import { describe, expect, test } from '@jest/globals';
import { type RunFacts, sentenceOf } from '../../../lib/local/playground/page/sentence.ts';
import {
  acquired,
  answered,
  completed,
  conflict,
  duplicate,
  eventsOf,
  exchange,
  received,
  receivedFrom,
  released,
  run,
  type ScriptLine,
} from './run-script.ts';

function sentence(script: readonly ScriptLine[], facts: Partial<RunFacts> = {}): string {
  const inTime = script.toSorted(([a], [b]) => a - b);
  return sentenceOf(eventsOf(inTime), { rows: 1, keys: 1, ...facts });
}

const created = answered(201);
const replay = answered(200, { replayed: true });

describe('one sentence says who came, what became of each, and what is in the cart', () => {
  test('one request', () => {
    expect(sentence([...run(0, 1, 100), [110, 1, created]])).toBe(
      'One request arrived. It ran. The cart holds one row.',
    );
  });

  test('two at once', () => {
    expect(sentence([...run(0, 1, 2_000), ...duplicate(3, 2, conflict), [2_010, 1, created]])).toBe(
      'Two requests arrived together with the same key. One ran; the other was answered 409 and changed nothing. The cart holds one row.',
    );
  });

  test('ten at once, of which a later one won', () => {
    const losers = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((request) => duplicate(request, request, conflict));
    expect(sentence([...losers, ...run(10, 10, 500), [520, 10, created]])).toBe(
      'Ten requests arrived together with the same key. One ran; the other nine were answered 409 and changed nothing. The cart holds one row.',
    );
  });

  test('a client that gives up while the server works, and asks again', () => {
    expect(
      sentence([
        ...run(0, 1, 2_000),
        [1_000, 1, { type: 'client-left', afterMs: 1_000 }],
        ...duplicate(1_100, 2, conflict),
        [2_010, 1, answered(201, { fate: 'client-gone' })],
        ...duplicate(6_000, 3, replay),
      ]),
    ).toBe(
      'Three requests arrived with the same key. The client stopped waiting after 1.0 s. One ran to the end although nobody waited any more; one was answered 409 and changed nothing; one was given the recorded result. The cart holds one row.',
    );
  });

  test('another body under the key', () => {
    expect(
      sentence([
        ...run(0, 1, 10),
        [20, 1, created],
        ...duplicate(500, 2, answered(422, { problem: 'payload-mismatch' })),
      ]),
    ).toContain(
      'One ran; the other was refused with 422, since its body was another one, and changed nothing.',
    );
  });

  test('no key', () => {
    expect(
      sentence(
        [
          [0, 1, received],
          [1, 1, answered(400, { problem: 'key-missing' })],
        ],
        { rows: 0, keys: 0 },
      ),
    ).toBe(
      'One request arrived. It was refused with 400, since without a key nobody can tell a retry from a new request; nothing ran. The cart holds no rows.',
    );
  });

  test('two tenants with one key', () => {
    expect(
      sentence(
        [
          [0, 1, receivedFrom('ann')],
          [1, 2, receivedFrom('ben')],
          [2, 1, acquired(1, 'of-ann')],
          [3, 2, acquired(1, 'of-ben')],
          [4, 1, completed(1, 'of-ann')],
          [5, 2, completed(1, 'of-ben')],
          [6, 1, created],
          [7, 2, created],
        ],
        { rows: 2 },
      ),
    ).toBe(
      'Two tenants, ann and ben, sent requests with the same key. Each has a record of its own. Both ran. The cart holds two rows.',
    );
  });

  test.each<[string, ScriptLine[], string, string]>([
    ['before the effect', [], 'died before it had added a row', 'took over when the lease was over.'],
    [
      'after the effect',
      [[20, 1, exchange('cart', 'PutItem')[1]]],
      'died after it had added its row',
      'took over when the lease was over, found the row there already, and added none.',
    ],
  ])('a process that dies %s', (_when, effect, death, takeover) => {
    const found: ScriptLine[] =
      effect.length === 0 ? [] : [[5_020, 2, exchange('cart', 'PutItem', 'condition-failed')[1]]];
    const text = sentence([
      [0, 1, received],
      [10, 1, acquired()],
      ...effect,
      [30, 1, { type: 'died', outcome: 'crashed' }],
      [31, 1, answered(500)],
      [5_000, 2, received],
      [5_010, 2, acquired(2)],
      ...found,
      [5_030, 2, completed(2)],
      [5_040, 2, created],
    ]);
    expect(text).toContain(`One ran and ${death}; the other ${takeover}`);
    expect(text).toContain('Until the lease was over nobody could know');
  });

  test('a handler that fails', () => {
    const text = sentence(
      [
        [0, 1, received],
        [1, 1, acquired()],
        [2, 1, released()],
        [3, 1, answered(500)],
      ],
      { rows: 0 },
    );
    expect(text).toContain('It ran, failed, and gave the key back.');
  });

  test('a request and a reply that are lost', () => {
    const text = sentence([
      [0, 1, received],
      [0, 1, { type: 'request-lost' }],
      [3_500, 1, { type: 'client-left', afterMs: 3_500 }],
      ...run(3_600, 2, 10),
      [3_700, 2, answered(201, { fate: 'lost' })],
      [7_100, 2, { type: 'client-left', afterMs: 3_500 }],
      ...duplicate(7_200, 3, replay),
    ]);
    expect(text).toContain(
      'One was lost on the way to the server; one ran, but the answer was lost; one was given the recorded result.',
    );
  });

  test('a page that is reloaded, and one that finds what another has left', () => {
    const script = run(0, 1, 100);
    expect(sentence([...script, [50, 'client', { type: 'reloaded' }]])).toContain(
      'The page was reloaded in mid-flight; its outbox still had the operation, and its key.',
    );
    expect(sentence([...script, [50, 'client', { type: 'adopted' }]])).toContain(
      'Another page had left the operation in the outbox, with its key.',
    );
  });

  test('a server that is not there', () => {
    expect(
      sentence(
        [
          [0, 'client', { type: 'no-connection' }],
          [1, 'client', { type: 'given-up' }],
        ],
        { rows: undefined },
      ),
    ).toBe('No request has reached the server. The client has given up without an answer.');
  });

  test('requests from elsewhere, of whose keys nothing is known', () => {
    expect(
      sentence([...run(0, 1, 1), [10, 1, created], ...duplicate(900, 2, replay)], { keys: undefined }),
    ).toBe('Two requests arrived. One ran; the other was given the recorded result. The cart holds one row.');
  });

  test('an answer of another kind is told by its status', () => {
    expect(
      sentence([
        [0, 1, received],
        [1, 1, answered(503, { problem: 'store-unavailable' })],
      ]),
    ).toContain('It was answered 503 (store-unavailable).');
  });
});
