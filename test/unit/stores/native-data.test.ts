import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonOfNative, nativeForm } from '../../../lib/stores/native-data.ts';

const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

describe('JSON in types of DynamoDB', () => {
  test.each([
    ['a text', '"ä\\u0000"', { S: 'ä\u0000' }],
    ['a number', '-1.5e-7', { N: '-1.5e-7' }],
    ['a number of many digits', '0.30000000000000004', { N: '0.30000000000000004' }],
    ['zero', '0', { N: '0' }],
    ['null', 'null', { NULL: true }],
    ['an empty text', '""', { S: '' }],
    ['an object', '{"a":[true,{}]}', { M: { a: { L: [{ BOOL: true }, { M: {} }] } } }],
  ])('has a form for %s, and comes back as it was', (_, json, native) => {
    expect(nativeForm(json)).toEqual(native);
    expect(jsonOfNative(native as AttributeValue)).toBe(json);
  });

  test.each([
    ['an integer that only a bigint could hold', '9007199254740993'],
    ['a number beyond the largest', '1e+126'],
    ['a number beyond the smallest', '-1e-131'],
    ['a number at the largest', '9e+125'],
    ['a number at the smallest', '1e-129'],
    ['a number beyond the largest, among others', '{"good":1,"bad":1e+126}'],
    ['a name that is empty', '{"":1}'],
    ['a name that is empty, among others', '{"good":1,"":2}'],
    ['a name that JavaScript gives a meaning', '{"__proto__":{"a":1}}'],
    ['a spelling of its own', '{"a": 1}'],
    ['31 levels', nested(31)],
    ['what is no JSON', ''],
  ])('has none for %s', (_, json) => {
    expect(nativeForm(json)).toBeUndefined();
  });

  test('has one for 30 levels', () => {
    expect(nativeForm(nested(30))).toBeDefined();
  });

  test('whatever has a form comes back from it as it was', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const json = JSON.stringify(JSON.parse(text));
        const native = nativeForm(json);
        expect(native === undefined || jsonOfNative(native) === json).toBe(true);
      }),
    );
  });

  test('what Powertools has stored and JSON cannot say is what Lambda would have sent for it', () => {
    expect(jsonOfNative({ M: { tags: { SS: ['a'] } } })).toBe('{"tags":{}}');
    expect(jsonOfNative({ N: '9007199254740993' })).toBe('9007199254740992');
  });
});
