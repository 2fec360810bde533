import { describe, expect, test } from '@jest/globals';
import { CommitInvalidError } from '../../../lib/idempotency/errors.ts';
import { type PreparedWrite, prepareDocumentWrites } from '../../../lib/stores/prepared-writes.ts';

const put = (id: string, more: object = {}) => ({ Put: { TableName: 'orders', Item: { id, ...more } } });
const update = (id: string) => ({
  Update: {
    TableName: 'orders',
    Key: { id },
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': 1 },
  },
});
const prepare = (writes: readonly unknown[], earlier: readonly PreparedWrite[] = []) =>
  prepareDocumentWrites(writes, earlier);

describe('writes in the form of the document client', () => {
  test('go out in DynamoDB’s own form, with every other member as it was', () => {
    const [prepared] = prepare([
      {
        Update: {
          TableName: 'orders',
          Key: { id: 'o1' },
          UpdateExpression: 'SET #at = :at',
          ConditionExpression: 'attribute_exists(id)',
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: { ':at': [1, 'x', null] },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
    ]);
    expect(prepared?.request).toEqual({
      Update: {
        TableName: 'orders',
        Key: { id: { S: 'o1' } },
        UpdateExpression: 'SET #at = :at',
        ConditionExpression: 'attribute_exists(id)',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':at': { L: [{ N: '1' }, { S: 'x' }, { NULL: true }] } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    });
  });

  test('are marshalled as the store is told to', () => {
    const write = put('o1', { note: undefined });
    expect(() => prepare([write])).toThrow(/attribute "note" holds a value that has no form in DynamoDB/);
    const [prepared] = prepareDocumentWrites([write], [], { removeUndefinedValues: true });
    expect(prepared?.request).toStrictEqual({ Put: { TableName: 'orders', Item: { id: { S: 'o1' } } } });
  });

  test.each([
    [
      'nothing',
      null,
      /Write 0 must have exactly one of the members Put, Update, Delete, ConditionCheck, and has 0/,
    ],
    ['a write of no kind', { Get: {} }, /and has 0/],
    ['two in one', { ...put('a'), ...update('b') }, /and has 2/],
    ['no table', { Put: { Item: { id: 'a' } } }, /Write 0 \(Put\) must have a TableName/],
    ['a table without a name', { Put: { TableName: '', Item: { id: 'a' } } }, /must have a TableName/],
    ['null for an item', { Put: { TableName: 'orders', Item: null } }, /Write 0 \(Put\), Item must be an/],
    [
      'values that are no object',
      { Update: { ...update('a').Update, ExpressionAttributeValues: ':n' } },
      /Write 0 \(Update\), ExpressionAttributeValues must be an object/,
    ],
    ['no item', { Put: { TableName: 'orders' } }, /Write 0 \(Put\), Item must be an object/],
    ['no key', { Delete: { TableName: 'orders' } }, /Write 0 \(Delete\), Key must be an object/],
    ['a date', put('a', { at: new Date(0) }), /attribute "at" holds a value that has no form in DynamoDB/],
    ['an unsafe integer', put('a', { n: 2 ** 60 }), /attribute "n" holds a value/],
    [
      'an item over 400 KB',
      put('a', { text: 'x'.repeat(410 * 1024) }),
      /Write 0 \(Put\) has an item of at least \d+ bytes/,
    ],
  ])('%s is refused with a sentence that says what is wrong', (_, write, message) => {
    expect(() => prepare([write])).toThrow(CommitInvalidError);
    expect(() => prepare([write])).toThrow(message);
  });

  test('of a later call are counted from the first of all', () => {
    const earlier = prepare([put('a'), put('b')]);
    expect(() => prepare([put('c'), put('d', { at: new Date(0) })], earlier)).toThrow(/Write 3 \(Put\)/);
  });

  test('messages name attributes and show no values, causes included', () => {
    const secret = { toString: () => 'SECRET', constructor: class Secret {} };
    try {
      prepare([put('SECRET', { holder: [secret], amount: Number.NaN })]);
    } catch (error) {
      expect(error).toBeInstanceOf(CommitInvalidError);
      expect(String(error)).not.toMatch('SECRET');
      expect((error as Error).cause).toBeUndefined();
      return;
    }
    throw new Error('It was not refused.');
  });
});

describe('the limits of a transaction', () => {
  const puts = (count: number) => Array.from({ length: count }, (_, index) => put(`o${index}`));

  test('99 writes fit beside the record, over all calls; the hundredth is refused', () => {
    const first = prepare(puts(60));
    expect(prepare(puts(99).slice(60), first)).toHaveLength(39);
    expect(() => prepare(puts(100).slice(60), first)).toThrow(
      /takes 99 writes beside the idempotency record, and this would make 100/,
    );
  });

  test('an item of exactly 400 KB', () => {
    // 'id' and its text, 'text' and its own.
    const beside = 2 + 2 + 4;
    expect(prepare([put('o1', { text: 'x'.repeat(400 * 1024 - beside) })])).toHaveLength(1);
    expect(() => prepare([put('o1', { text: 'x'.repeat(400 * 1024 - beside + 1) })])).toThrow(/409601 bytes/);
  });

  test('exactly 4 MB in all', () => {
    const beside = 2 + 2 + 4;
    const ofBytes = (id: string, bytes: number) => put(id, { text: 'x'.repeat(bytes - beside) });
    const ten = Array.from({ length: 10 }, (_, index) => ofBytes(`o${index}`, 390 * 1024));
    const left = 4 * 1024 * 1024 - 10 * 390 * 1024;
    expect(prepare([...ten, ofBytes('ox', left)])).toHaveLength(11);
    expect(() => prepare([...ten, ofBytes('ox', left + 1)])).toThrow(/at least 4194305/);
  });

  test('4 MB in all, over all calls', () => {
    const large = (id: string) => put(id, { text: 'x'.repeat(390 * 1024) });
    const ten = prepare(Array.from({ length: 10 }, (_, index) => large(`o${index}`)));
    expect(() => prepare([large('one more')], ten)).toThrow(
      /takes 4194304 bytes in all, and these writes make at least 43\d{5}/,
    );
  });

  test.each([
    ['an update and a delete', [update('o1'), { Delete: { TableName: 'orders', Key: { id: 'o1' } } }]],
    ['a put and an update behind it', [put('o1', { a: 1 }), update('o1')]],
    [
      'a put and a check before it',
      [
        { ConditionCheck: { TableName: 'orders', Key: { id: 'o1' }, ConditionExpression: 'x = y' } },
        put('o1'),
      ],
    ],
    ['two puts, where a third write tells the key', [put('o1', { a: 1 }), put('o1', { a: 2 }), update('o2')]],
    ['two puts that agree in all that can be a key', [put('o1', { list: [1] }), put('o1', { list: [2] })]],
    [
      'two puts with their members in another order',
      [
        { Put: { TableName: 'lines', Item: { cart: 'c', line: 1 } } },
        { Put: { TableName: 'lines', Item: { line: 1, cart: 'c' } } },
      ],
    ],
    [
      'keys in another order',
      [
        { Delete: { TableName: 'lines', Key: { cart: 'c', line: 1 } } },
        { Update: { TableName: 'lines', Key: { line: 1, cart: 'c' }, UpdateExpression: 'SET a = b' } },
      ],
    ],
    [
      'keys of bytes',
      [
        { Delete: { TableName: 'blobs', Key: { id: Buffer.from('abc') } } },
        { Put: { TableName: 'blobs', Item: { id: new Uint8Array([97, 98, 99]), more: true } } },
      ],
    ],
  ])('two writes to one item are refused: %s', (_, writes) => {
    expect(() => prepare(writes)).toThrow(CommitInvalidError);
    expect(() => prepare(writes)).toThrow(/Writes 0 and 1 are to one item of table "\w+".*Merge the two/);
    // Also when they come in two calls.
    const [first, ...others] = writes;
    const earlier = prepare([first]);
    expect(() => prepare(others, earlier)).toThrow(/Writes 0 and 1 are to one item/);
  });

  test.each([
    ['two keys', [update('o1'), update('o2'), put('o3')]],
    ['two tables', [update('o1'), { Delete: { TableName: 'other', Key: { id: 'o1' } } }]],
    ['puts that may differ in their key', [put('o1', { line: 1 }), put('o1', { line: 2 })]],
    [
      'puts of bytes that differ',
      [
        { Put: { TableName: 'blobs', Item: { id: new Uint8Array([1]).buffer } } },
        { Put: { TableName: 'blobs', Item: { id: new Uint8Array([2]).buffer } } },
      ],
    ],
    [
      'keys of bytes that differ',
      [
        { Delete: { TableName: 'blobs', Key: { id: Buffer.from('abc') } } },
        { Delete: { TableName: 'blobs', Key: { id: Buffer.from('abd') } } },
      ],
    ],
    ['a put without the key', [{ Put: { TableName: 'orders', Item: { line: 1 } } }, update('o1')]],
    ['a number and a text', [update('1'), { Delete: { TableName: 'orders', Key: { id: 1 } } }]],
  ])('writes to different items are not refused: %s', (_, writes) => {
    expect(prepare(writes)).toHaveLength(writes.length);
  });
});
