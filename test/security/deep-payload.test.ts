/**
 * Payloads so deep that recursion overflows the stack: where it does depends on who calls, so that a retry could end
 * otherwise than its first request. As text they are bytes; what is tested here is what a body parser made of them.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fingerprintOf, sha256Base64url } from '../../lib/idempotency/fingerprint.ts';
import { FRONT_DOORS } from './front-doors.ts';
import { sendTwice } from './send-twice.ts';

const LEVELS = 10_000;
const MANY_LEVELS = 100_000;

const SHAPES: readonly (readonly [string, (levels: number, innermost?: string) => string])[] = [
  ['arrays', (levels, innermost = '1') => '['.repeat(levels) + innermost + ']'.repeat(levels)],
  ['objects', (levels, innermost = '1') => '{"a":'.repeat(levels) + innermost + '}'.repeat(levels)],
  [
    'both, with siblings',
    (levels, innermost = '1') =>
      `${'[true,{"b":[],"a":'.repeat(levels / 2)}${innermost}${'},null]'.repeat(levels / 2)}`,
  ],
];

describe.each(SHAPES)('%s', (_name, textOf) => {
  test.each(FRONT_DOORS)(
    'in a body that was parsed before take effect once behind %s',
    async (_door, event) => {
      const sent = () => event({ body: JSON.parse(textOf(LEVELS)) });
      expect(await sendTwice(sent(), sent())).toBe('took effect once');
    },
  );

  test('have the fingerprint of their JSON text, however deep they are', () => {
    const text = textOf(MANY_LEVELS);
    expect(fingerprintOf(JSON.parse(text))).toBe(sha256Base64url(`text:${text}`));
  });

  test('have another fingerprint where they differ at the bottom', () => {
    const fingerprints = ['1', '2', '"1"', '[1]', '{}', 'null'].map((innermost) =>
      fingerprintOf(JSON.parse(textOf(LEVELS, innermost))),
    );
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });

  test('that lead back to themselves are refused', () => {
    const value = JSON.parse(textOf(LEVELS, '{}'));
    let innermost = value;
    for (let next = value; typeof next === 'object' && next !== null; next = next.a ?? next[1] ?? next[0]) {
      innermost = next;
    }
    innermost.loop = value;
    expect(() => fingerprintOf(value)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });
});

test('whatever JSON writes of a value is in its fingerprint, at any depth', () => {
  // Every kind of value that JSON has a rule for: members and items that it drops, `toJSON`, boxed primitives.
  const leaf = fc.oneof(
    fc.constantFrom(
      undefined,
      null,
      true,
      Number.NaN,
      -0,
      new Date(0),
      Symbol('s'),
      () => 1,
      new Map([[1, 2]]),
    ),
    fc.constantFrom(Object(1), Object('text'), Object(false)),
    fc.string({ unit: 'binary' }),
    fc.double(),
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toJSON')), tie('node'), {
        maxKeys: 4,
      }),
    ),
  })).node;
  const nested = (value: unknown, levels: number): unknown =>
    levels === 0 ? value : [nested(value, levels - 1)];
  fc.assert(
    fc.property(tree, (value) => {
      const deep = nested(value, 260);
      expect(fingerprintOf(deep)).toBe(sha256Base64url(`text:${JSON.stringify(deep)}`));
    }),
    { numRuns: 200 },
  );
});
