import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fingerprintHttpRequest } from '../../../lib/http/request-fingerprint.ts';
import { canonicalJson } from '../../../lib/idempotency/fingerprint.ts';
import { albEvent, albMultiValueEvent, httpApiEvent, requestOf, restApiEvent } from './front-door-events.ts';

const fingerprint = (event: unknown): string => fingerprintHttpRequest(requestOf(event));

const ofBody = (body: unknown, contentType: string | null = 'application/json'): string =>
  fingerprint(httpApiEvent({ body, headers: contentType === null ? {} : { 'Content-Type': contentType } }));

const ofQuery = (rawQueryString: string): string => fingerprint(httpApiEvent({ rawQueryString }));

const jsonValue = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 });

describe('JSON bodies', () => {
  test('are equal if their values are, however members, white space and characters are written', () => {
    fc.assert(
      fc.property(jsonValue, fc.boolean(), (value, escaped) => {
        expect(ofBody(respelled(value, escaped))).toBe(ofBody(JSON.stringify(value)));
      }),
    );
  });

  test('are different if their values are', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (a, b) => {
        fc.pre(canonicalJson(a) !== canonicalJson(b));
        expect(ofBody(JSON.stringify(a))).not.toBe(ofBody(JSON.stringify(b)));
      }),
    );
  });

  test('are equal whether a parser ran before or not', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        // Of a string or null, the event does not tell that they were parsed: see body.ts.
        fc.pre(value !== null && typeof value !== 'string');
        expect(ofBody(value)).toBe(ofBody(JSON.stringify(value)));
      }),
    );
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;charset=UTF-8',
    ' application/json ',
    'application/merge-patch+json',
    'application/vnd.api+json; profile="x"',
    'image/svg+json',
  ])('%s says that a body is JSON', (contentType) => {
    expect(ofBody('{"a":1,"b":2}', contentType)).toBe(ofBody('{ "b": 2.0, "a": 1 }', contentType));
  });

  test.each([
    'text/plain',
    'application/jsonlines',
    'application/json-seq',
    'application/x+jsonp',
    '+json',
    '',
    null,
  ])('%j does not, and bytes are compared', (contentType) => {
    expect(ofBody('{"a":1}', contentType)).not.toBe(ofBody('{ "a": 1 }', contentType));
    expect(ofBody('{"a":1}', contentType)).toBe(ofBody('{"a":1}', contentType));
  });

  test.each([
    ['broken', '{"a":', '{"b":'],
    ['with a lone surrogate', '["\\ud800"]', '["\\ud801"]'],
    [
      'nested too deeply',
      `${'['.repeat(5000)}1${']'.repeat(5000)}`,
      `${'['.repeat(5000)}2${']'.repeat(5000)}`,
    ],
    ['with a byte order mark', '\ufeff{"a":1}', '\ufeff{"a":2}'],
  ])('%s: are compared by their bytes', (_name, body, other) => {
    expect(ofBody(body)).toBe(ofBody(body, 'text/plain'));
    expect(ofBody(body)).not.toBe(ofBody(other));
  });

  test('that are not UTF-8 are compared by their bytes too, and not as replacement characters', () => {
    const latin1 = (character: string) =>
      fingerprint(
        httpApiEvent({
          body: Buffer.from(`"${character}"`, 'latin1').toString('base64'),
          isBase64Encoded: true,
        }),
      );
    expect(latin1('é')).not.toBe(latin1('è'));
  });

  test('are equal in base64 and in plain text', () => {
    const body = '{"name":"Zoë"}';
    const encoded = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
    expect(fingerprint(httpApiEvent(encoded))).toBe(ofBody(body));
  });
});

describe('bodies of different kinds', () => {
  test('no body, an empty object, null, and texts that look like them are all different', () => {
    const fingerprints = [
      ofBody(undefined),
      ofBody('{}'),
      ofBody('null'),
      ofBody('"null"'),
      ofBody('{}', 'text/plain'),
      ofBody('null', 'text/plain'),
      ofBody('bytes:{}', 'text/plain'),
      ofBody('json:{}', 'text/plain'),
    ];
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });

  test('missing, null and empty are all no body', () => {
    expect(ofBody(null)).toBe(ofBody(undefined));
    expect(ofBody('')).toBe(ofBody(undefined));
  });
});

describe('queries', () => {
  // Few names and values, so that queries are often equal.
  const query = fc.array(fc.tuple(fc.constantFrom('a', 'b', '=', '%'), fc.constantFrom('', '1', '&', ',')), {
    maxLength: 4,
  });
  const rawQuery = (pairs: readonly (readonly [string, string])[]): string =>
    pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');

  const byName = (pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> => {
    const values = new Map<string, string[]>();
    for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
    return values;
  };

  test('the order of different names does not count', () => {
    expect(ofQuery('a=1&b=2')).toBe(ofQuery('b=2&a=1'));
    expect(ofQuery('b=2&a=1&a=3')).toBe(ofQuery('a=1&b=2&a=3'));
  });

  test('the order of the values of one name counts', () => {
    expect(ofQuery('a=1&a=2')).not.toBe(ofQuery('a=2&a=1'));
  });

  test('two queries are equal exactly if they have the same values under the same names', () => {
    fc.assert(
      fc.property(query, query, (a, b) => {
        expect(ofQuery(rawQuery(a)) === ofQuery(rawQuery(b))).toBe(isDeepStrictEqual(byName(a), byName(b)));
      }),
    );
  });

  test('borders cannot be imitated', () => {
    const fingerprints = ['a=1&b=2', 'a=1%26b%3D2', 'a=1,b=2', 'a%3D1=&b=2', 'a=1&b=2&c', 'a', 'a=1'].map(
      ofQuery,
    );
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });

  test.each([null, undefined, {}])('%j is no query on any front door', (none) => {
    const members = { queryStringParameters: none, multiValueQueryStringParameters: none };
    for (const event of [restApiEvent, albEvent, albMultiValueEvent]) {
      expect(fingerprint(event(members))).toBe(fingerprint(httpApiEvent({ rawQueryString: '' })));
    }
  });

  test('every front door gives the same fingerprint for the same request', () => {
    const body = '{"a":1}';
    const expected = fingerprint(httpApiEvent({ body, rawQueryString: 'x=a%20b&y=1' }));
    const decoded = { x: ['a b'], y: ['1'] };
    const encoded = { y: ['1'], x: ['a%20b'] };
    expect(fingerprint(restApiEvent({ body, multiValueQueryStringParameters: decoded }))).toBe(expected);
    expect(fingerprint(albMultiValueEvent({ body, multiValueQueryStringParameters: encoded }))).toBe(
      expected,
    );
    expect(fingerprint(albEvent({ body, queryStringParameters: { x: 'a+b', y: '1' } }))).toBe(expected);
  });
});

/** The same JSON value in another spelling: members reversed, white space, characters escaped. */
function respelled(value: unknown, escaped: boolean): string {
  if (typeof value === 'string') return escaped ? `"${escapedUnits(value)}"` : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return ` ${JSON.stringify(value)}\n`;
  if (Array.isArray(value)) return `[ ${value.map((item) => respelled(item, escaped)).join(' ,\t')}]`;
  const members = Object.entries(value).reverse();
  return `{\r\n${members.map((pair) => pair.map((part) => respelled(part, escaped)).join(' : ')).join(',')} }`;
}

function escapedUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
