import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answerStatus, recordAnswer, withoutBody } from '../../../lib/http/recorded-answer.ts';
import { UNRECORDED_HEADERS } from '../../../lib/http/unrecorded-headers.ts';
import { FRONT_DOORS, requestFrom } from './front-door-events.ts';

describe('the status that a caller gets', () => {
  test.each(FRONT_DOORS)('%s: is the one of the answer, as a number or as digits', (frontDoor) => {
    const request = requestFrom(frontDoor);
    expect(answerStatus({ statusCode: 201 }, request)).toBe(201);
    expect(answerStatus({ statusCode: '503', body: '' }, request)).toBe(503);
  });

  test.each([undefined, null, 'created', 7, [], {}, { body: '' }, { statusCode: undefined }])(
    '%j is the body of a 200 in format 2.0, and no answer elsewhere',
    (response) => {
      expect(FRONT_DOORS.map((frontDoor) => answerStatus(response, requestFrom(frontDoor)))).toEqual([
        undefined,
        200,
        undefined,
        undefined,
      ]);
    },
  );

  test.each([null, 'abc', '', '20', '2000', ' 200', 99, 600, 200.5, Number.NaN, {}, true])(
    'a statusCode of %j is none on any front door',
    (statusCode) => {
      for (const frontDoor of FRONT_DOORS)
        expect(answerStatus({ statusCode }, requestFrom(frontDoor))).toBeUndefined();
    },
  );

  test('is what JSON will say: of toJSON, and not of what a class inherits', () => {
    class Created {
      get statusCode(): number {
        return 500;
      }
      toJSON(): unknown {
        return { statusCode: 201 };
      }
    }
    class Inheriting {
      get statusCode(): number {
        return 500;
      }
    }
    expect(answerStatus(new Created(), requestFrom('rest-api'))).toBe(201);
    expect(answerStatus(new Inheriting(), requestFrom('http-api'))).toBe(200);
  });

  test.each([
    ['a toJSON that throws', { statusCode: 201, toJSON: throwing }],
    ['a member that throws', Object.defineProperty({}, 'statusCode', { get: throwing, enumerable: true })],
  ])('reading %s never throws', (_name, response) => {
    expect(() => answerStatus(response, requestFrom('http-api'))).not.toThrow();
    expect(recordAnswer(response)).toMatchObject({ kind: 'omitted', reason: 'not-serializable' });
  });
});

describe('recording', () => {
  test('keeps the JSON that the runtime sends', () => {
    const answer = { statusCode: 201, headers: { Location: '/cart/items/1' }, body: '{"a":1}' };
    expect(recordAnswer(answer)).toEqual({ kind: 'json', json: JSON.stringify(answer) });
  });

  test.each([
    ['nothing', undefined],
    ['a function', throwing],
    ['a symbol', Symbol('s')],
  ])('%s has no JSON', (_name, response) => {
    expect(recordAnswer(response)).toEqual({ kind: 'undefined' });
  });

  test.each([null, '', 'text', 0, [], {}, { cookies: ['c'], headers: { 'set-cookie': 'data' } }])(
    '%j is data, and kept whole',
    (response) => {
      expect(recordAnswer(response)).toEqual({ kind: 'json', json: JSON.stringify(response) });
    },
  );

  test('drops cookies and the headers of one answer, whatever their case, and nothing else', () => {
    const unrecorded = UNRECORDED_HEADERS.flatMap((name) => [name, name.toUpperCase()]);
    const headers = Object.fromEntries([...unrecorded, 'ETag', 'location'].map((name) => [name, 'x']));
    const multiValueHeaders = Object.fromEntries([...unrecorded, 'Vary'].map((name) => [name, ['x', 'y']]));
    const recorded = recordAnswer({
      statusCode: 200,
      headers,
      multiValueHeaders,
      cookies: ['a=b'],
      body: 'b',
    });
    expect(recorded).toEqual({
      kind: 'json',
      json: '{"statusCode":200,"headers":{"ETag":"x","location":"x"},"multiValueHeaders":{"Vary":["x","y"]},"body":"b"}',
    });
  });

  test('leaves the answer itself as it was', () => {
    const answer = deepFreeze({
      statusCode: 201,
      headers: { 'Set-Cookie': 'a=b' },
      multiValueHeaders: { 'Set-Cookie': ['a=b'] },
      cookies: ['a=b'],
    });
    expect(recordAnswer(answer)).toEqual({
      kind: 'json',
      json: '{"statusCode":201,"headers":{},"multiValueHeaders":{}}',
    });
    expect(answer.cookies).toEqual(['a=b']);
  });

  test('applies toJSON once, of the answer and of its headers', () => {
    const headers = { toJSON: () => ({ 'Set-Cookie': 'a=b', Vary: 'x' }) };
    const inner = { statusCode: 200, headers, toJSON: () => 'applied twice' };
    expect(recordAnswer({ toJSON: () => inner })).toEqual({
      kind: 'json',
      json: '{"statusCode":200,"headers":{"Vary":"x"}}',
    });
  });

  test.each([
    ['null', null, '{"statusCode":200,"headers":null}'],
    ['a string', 'x', '{"statusCode":200,"headers":"x"}'],
    ['a list', ['x'], '{"statusCode":200,"headers":["x"]}'],
    ['a function', throwing, '{"statusCode":200}'],
    ['undefined', undefined, '{"statusCode":200}'],
  ])('headers that are %s stay what JSON makes of them', (_name, headers, json) => {
    expect(recordAnswer({ statusCode: 200, headers })).toEqual({ kind: 'json', json });
  });

  test('keeps a member called __proto__ a member', () => {
    const answer: unknown = JSON.parse('{"statusCode":200,"headers":{"__proto__":"x"},"__proto__":{"a":1}}');
    expect(recordAnswer(answer)).toEqual({ kind: 'json', json: JSON.stringify(answer) });
  });

  test.each([
    ['a bigint', { statusCode: 201, body: 1n }],
    ['a cycle', cyclic({ statusCode: 201 })],
    ['a toJSON that throws', { statusCode: 201, body: { toJSON: throwing } }],
    ['headers with a toJSON that throws', { statusCode: 201, headers: { toJSON: throwing } }],
    ['a stream', { statusCode: 201, body: Readable.from(['x']) }],
    ['a web stream', { statusCode: 201, body: new Blob(['x']).stream() }],
  ])('%s cannot be kept, but the status can', (_name, answer) => {
    expect(recordAnswer(answer)).toEqual({
      kind: 'omitted',
      reason: 'not-serializable',
      remainderJson: '{"statusCode":201}',
    });
  });

  test.each([
    ['a bigint', 1n],
    ['a stream', Readable.from(['x'])],
    ['a cycle without a status', cyclic({})],
    ['a bigint with a status that is none', { statusCode: 'abc', body: 1n }],
  ])('of %s only the fact can be kept', (_name, answer) => {
    expect(recordAnswer(answer)).toEqual({ kind: 'omitted', reason: 'not-serializable' });
  });
});

test('any value at all can be recorded, and its status asked for', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true });
  const answer = fc.dictionary(
    fc.constantFrom('statusCode', 'headers', 'cookies', 'body', 'toJSON'),
    anything,
  );
  fc.assert(
    fc.property(fc.oneof(anything, answer), fc.constantFrom(...FRONT_DOORS), (response, frontDoor) => {
      expect(['json', 'undefined', 'omitted']).toContain(recordAnswer(response).kind);
      expect(['number', 'undefined']).toContain(typeof answerStatus(response, requestFrom(frontDoor)));
    }),
    { numRuns: 500 },
  );
});

describe('what is left of a result that is too large', () => {
  test('is its status', () => {
    const recorded = recordAnswer({ statusCode: 201, headers: { Location: '/1' }, body: 'x'.repeat(1000) });
    expect(withoutBody(recorded)).toEqual({
      kind: 'omitted',
      reason: 'too-large',
      remainderJson: '{"statusCode":201}',
    });
  });

  test('is nothing where it had no status', () => {
    expect(withoutBody(recordAnswer('x'.repeat(1000)))).toEqual({ kind: 'omitted', reason: 'too-large' });
  });

  test('is everything where there was nothing large in it', () => {
    for (const recorded of [recordAnswer(undefined), recordAnswer(1n)])
      expect(withoutBody(recorded)).toBe(recorded);
  });
});

function throwing(): never {
  throw new TypeError('secret');
}

function cyclic(value: Record<string, unknown>): unknown {
  value['self'] = value;
  return value;
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value))
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
}
