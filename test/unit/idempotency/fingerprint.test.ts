import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import {
  canonicalJson,
  fingerprintOf,
  fingerprintOfBytes,
  fingerprintOfCanonicalJson,
  sha256Base64url,
} from '../../../lib/idempotency/fingerprint.ts';

const nested = (depth: number): unknown => {
  let value: unknown = 'leaf';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

/** What `JSON.parse` can return, with strings that have a UTF-8 form. */
const jsonValue = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 });

describe('hashing', () => {
  test('is SHA-256 in base64url without padding', () => {
    expect(sha256Base64url('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
    expect(sha256Base64url('é')).toBe(sha256Base64url(Buffer.from('é', 'utf8')));
    expect(sha256Base64url('abc')).toBe(createHash('sha256').update('abc').digest('base64url'));
  });
});

describe('fingerprints of values', () => {
  test('do not change from one release to the next, or retries over a deployment would be mismatches', () => {
    expect(fingerprintOf({ b: [1, 'é'], a: null })).toBe(sha256Base64url('json:{"a":null,"b":[1,"é"]}'));
    expect(fingerprintOf(Uint8Array.of(1))).toBe(sha256Base64url(Buffer.from('bytes:\u0001')));
    expect(fingerprintOf(undefined)).toBe(sha256Base64url('text:undefined'));
  });

  test('are equal exactly where the JSON values are', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b);
        expect(fingerprintOf(a) === fingerprintOf(b)).toBe(same);
      }),
    );
  });

  test('do not depend on the order of members, at any depth', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(fingerprintOf(reversed(value))).toBe(fingerprintOf(value));
      }),
    );
  });

  test('tell apart bytes, text, JSON and nothing', () => {
    const bytes = Buffer.from('{"a":1}');
    const fingerprints = [
      bytes,
      '{"a":1}',
      { a: 1 },
      [bytes],
      null,
      undefined,
      'null',
      'undefined',
      '',
      new Uint8Array(),
    ];
    expect(new Set(fingerprints.map(fingerprintOf)).size).toBe(fingerprints.length);
  });

  test('see own members only, whatever they are called', () => {
    const polluting: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(fingerprintOf(polluting)).not.toBe(fingerprintOf({}));
    expect(fingerprintOf(polluting)).toBe(fingerprintOf(JSON.parse('{"__proto__":{"a":1.0}}')));
  });

  test('of canonical JSON and of its value are one', () => {
    expect(fingerprintOfCanonicalJson('{"a":1}')).toBe(fingerprintOf({ a: 1 }));
    expect(fingerprintOfBytes(Uint8Array.of(7))).toBe(fingerprintOf(Uint8Array.of(7)));
  });

  test('go by what JSON makes of dates and other classes', () => {
    expect(fingerprintOf({ at: new Date(0) })).toBe(fingerprintOf({ at: '1970-01-01T00:00:00.000Z' }));
  });
});

describe('values without a canonical form', () => {
  test.each([
    ['a lone surrogate', '\ud800', '\ud801'],
    ['a lone surrogate in a name', { '\ud800': 1 }, { '\ud801': 1 }],
    ['a number that is not finite', [Number.NaN, 1], [Number.NaN, 2]],
    ['too many levels', nested(257), nested(258)],
  ])('%s: still has a fingerprint, and another value has another', (_name, value, other) => {
    expect(canonicalJson(value)).toBeUndefined();
    expect(fingerprintOf(value)).toBe(fingerprintOf(structuredClone(value)));
    expect(fingerprintOf(value)).not.toBe(fingerprintOf(other));
  });

  test('256 levels have one, 257 have not: a fixed bound, wherever the stack would overflow', () => {
    expect(canonicalJson(nested(256))).toBeDefined();
    expect(canonicalJson(nested(257))).toBeUndefined();
  });

  test('two references to one object are no cycle, and many of them cost no more', () => {
    let shared: unknown = 'leaf';
    for (let level = 0; level < 12; level += 1) shared = [shared, shared];
    expect(canonicalJson(shared)).toBe(JSON.stringify(shared));

    // Tree-wise this is 2^300 values. It is too deep, and that is found out without visiting them.
    let vast: unknown = 'leaf';
    for (let level = 0; level < 300; level += 1) vast = [vast, vast];
    expect(canonicalJson(vast)).toBeUndefined();
  });

  test.each([
    ['a bigint', 1n],
    ['a cycle', cycle()],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new TypeError('secret');
        },
      },
    ],
  ])('%s: is refused with what would be right', (_name, value) => {
    expect(() => fingerprintOf(value)).toThrow(ConfigurationError);
    expect(() => fingerprintOf(value)).toThrow(/plain JSON values/);
    expect(() => fingerprintOf(value)).not.toThrow(/secret/);
    expect(() => fingerprintOf(value)).toThrow(expect.objectContaining({ cause: expect.any(TypeError) }));
  });
});

function cycle(): unknown {
  const value: unknown[] = [];
  value.push(value);
  return value;
}

/** The same JSON value with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
