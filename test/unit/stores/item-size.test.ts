/** The sums of the Developer Guide's "DynamoDB item sizes and formats", a number being counted as one byte. */
import { describe, expect, test } from '@jest/globals';
import { leastItemBytes, mostItemBytes } from '../../../lib/stores/item-size.ts';

const bytes = (length: number) => new Uint8Array(length);

describe('the least that an item counts for', () => {
  test('is nothing where there is nothing', () => {
    expect(leastItemBytes({})).toBe(0);
  });

  test.each([
    ['a text, in UTF-8', { S: 'é€' }, 5],
    ['bytes', { B: bytes(10) }, 10],
    ['a number, at least', { N: '12345678901234567890' }, 1],
    ['a boolean', { BOOL: false }, 1],
    ['null', { NULL: true }, 1],
    ['texts', { SS: ['a', 'é'] }, 3],
    ['some bytes', { BS: [bytes(4), bytes(6)] }, 10],
    ['numbers, at least', { NS: ['10', '200', '3000'] }, 3],
    ['an empty list', { L: [] }, 3],
    ['a list', { L: [{ S: 'abc' }, { N: '1' }] }, 3 + (1 + 3) + (1 + 1)],
    ['an empty map', { M: {} }, 3],
    ['a map', { M: { ab: { S: 'abc' }, c: { L: [{ B: bytes(5) }] } } }, 3 + 2 + (2 + 3) + (1 + 3 + 1 + 5)],
  ])('is for %s: its name and itself', (_, value, size) => {
    expect(leastItemBytes({ näme: value })).toBe(5 + size);
  });

  test('is less than the most by what each of its numbers may take', () => {
    const perNumber = mostItemBytes({ n: { N: '1' } }) - 1;
    expect(perNumber).toBeGreaterThan(1);
    expect(mostItemBytes({ n: { NS: ['1', '2', '3'] } })).toBe(1 + 3 * perNumber);
  });

  test('is the sum over its attributes', () => {
    expect(leastItemBytes({ id: { S: 'abc' }, n: { N: '1' } })).toBe(2 + 3 + 1 + 1);
  });
});
