import { describe, expect, test } from '@jest/globals';
import { deepJson } from '../../../lib/idempotency/deep-json.ts';

class Money {
  readonly currency = 'EUR';
  readonly amount: number;
  constructor(amount: number) {
    this.amount = amount;
  }
  get inherited() {
    return 'of the prototype';
  }
}

const named = { toJSON: (name: string) => `called by the name "${name}"` };
const shared = { twice: true };

describe('is the text that JSON.stringify writes of', () => {
  test.each([
    ['text', 'a "quoted"\n\u2028 \ud800 text'],
    ['null', null],
    ['true', true],
    ['numbers', [0, -0, 1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY]],
    ['an empty array', []],
    ['an empty object', {}],
    ['one of each in the other', [{}, [], { a: [], b: {} }, [[[]]]]],
    ['items that JSON has no text for', [undefined, () => 1, Symbol('s')]],
    ['an array with holes', Array(3)],
    ['members that JSON leaves out', { a: undefined, b: () => 1, c: Symbol('s'), d: 1, e: undefined }],
    ['nothing but members that JSON leaves out', { a: undefined }],
    ['names that have to be escaped', { 'a "b"': 1, '': 2, '\n': 3 }],
    ['a member that is called __proto__', JSON.parse('{"__proto__":{"a":1},"b":2}')],
    ['a date', { at: new Date(0) }],
    ['an instance of a class', new Money(12)],
    ['a map and a set', [new Map([[1, 2]]), new Set([1])]],
    ['bytes', Uint8Array.of(1, 2)],
    ['boxed primitives', [Object(1), Object('text'), Object(false)]],
    ['what answers for itself, by its name', [named, { member: named }, [named]]],
    ['what answers for itself, at the top', named],
    ['what answers with something larger', { toJSON: () => ({ a: [1, { b: 2 }] }) }],
    ['what answers with nothing', { a: { toJSON: () => undefined }, b: [{ toJSON: () => undefined }] }],
    ['a toJSON that is no function', { toJSON: 'text' }],
    ['one object in two places', [shared, { again: shared }, shared]],
  ])('%s', (_, value) => {
    expect(deepJson(value)).toBe(JSON.stringify(value));
  });

  test.each([undefined, () => 1, Symbol('s')])('%p: nothing', (value) => {
    expect(deepJson(value)).toBeUndefined();
  });
});

test('has no bound of depth', () => {
  const text = `${'[{"a":'.repeat(50_000)}1${'},2]'.repeat(50_000)}`;
  expect(deepJson(JSON.parse(text))).toBe(text);
});

describe('is refused', () => {
  test.each([
    ['itself', cycleOf((value) => value)],
    ['itself in a member', cycleOf((value) => ({ value }))],
    ['itself in an item', cycleOf((value) => ({ items: [1, [value]] }))],
  ])('to a value that holds %s', (_, value) => {
    expect(() => deepJson(value)).toThrow(TypeError);
    expect(() => deepJson(value)).toThrow(/itself/);
  });

  test.each([1n, Object(1n)])('to a bigint', (value) => {
    expect(() => deepJson([value])).toThrow(TypeError);
  });

  test('with the error of a toJSON that throws', () => {
    const failure = new Error('no answer');
    const value = {
      toJSON: () => {
        throw failure;
      },
    };
    expect(() => deepJson([value])).toThrow(failure);
  });
});

function cycleOf(wrap: (value: object) => object): object {
  const value: Record<string, unknown> = {};
  value['inner'] = wrap(value);
  return value;
}
