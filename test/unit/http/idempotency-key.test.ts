import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { serializeItem } from 'structured-headers';
import { KEY_MAX_LENGTH, readIdempotencyKey } from '../../../lib/http/idempotency-key.ts';
import { KeyInvalidError } from '../../../lib/idempotency/errors.ts';

const read = (...values: readonly string[]): string | undefined =>
  readIdempotencyKey(values, 'Idempotency-Key');

/** `unit` characters in the range given by two code points, both included. */
const ascii = (from: number, to: number, except = ''): fc.Arbitrary<string> =>
  fc
    .integer({ min: from, max: to })
    .map((code) => String.fromCharCode(code))
    .filter((character) => !except.includes(character));

const bareKey = fc.string({ unit: ascii(0x21, 0x7e, ',"'), minLength: 1, maxLength: KEY_MAX_LENGTH });
const printableKey = fc.string({ unit: ascii(0x20, 0x7e), minLength: 1, maxLength: KEY_MAX_LENGTH });

describe('an accepted key', () => {
  test('no header is no key', () => {
    expect(read()).toBeUndefined();
  });

  test.each([
    ['bare', 'abc', 'abc'],
    ['quoted', '"abc"', 'abc'],
    ['with white space around it', ' \t abc \t ', 'abc'],
    ['quoted with white space around it', ' "abc"\t', 'abc'],
    ['quoted with white space inside', '" a b "', ' a b '],
    ['quoted with a comma', '"a,b"', 'a,b'],
    ['quoted with escapes', '"a\\"b\\\\c"', 'a"b\\c'],
    ['quoted with parameters, which are ignored', '"abc";v=1; w', 'abc'],
    ['bare with the look of other structured fields', ':YWJj:;?1', ':YWJj:;?1'],
    ['bare with a backslash, which escapes nothing there', 'a\\b', 'a\\b'],
    ['a UUID', '8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  ])('%s', (_name, value, key) => {
    expect(read(value)).toBe(key);
  });

  test('every bare key is the same key when quoted', () => {
    fc.assert(
      fc.property(bareKey, (key) => {
        expect(read(key)).toBe(key);
        expect(read(serializeItem(key))).toBe(key);
      }),
    );
  });

  test('every printable key can be written as a quoted one, even if each character is escaped', () => {
    fc.assert(
      fc.property(printableKey, (key) => {
        expect(read(serializeItem(key))).toBe(key);
      }),
    );
    const backslashes = '\\'.repeat(KEY_MAX_LENGTH);
    expect(read(serializeItem(backslashes))).toBe(backslashes);
  });

  test('255 characters are the most, counted without quotes and escapes', () => {
    const longest = 'k'.repeat(KEY_MAX_LENGTH);
    expect(read(longest)).toBe(longest);
    expect(read(`"${longest}"`)).toBe(longest);
  });
});

describe('a refused key', () => {
  test.each([
    ['empty', [''], /is empty\. Send/],
    ['white space only', [' \t '], /is empty\. Send/],
    ['an empty string in quotes', ['""'], /is empty\. Send/],
    ['256 characters', ['k'.repeat(256)], /too long\. Send a key of at most 255/],
    ['256 characters in quotes', [`"${'k'.repeat(256)}"`], /too long\. Send a key of at most 255/],
    ['short, with parameters without end', [`"k";${'p'.repeat(1024)}`], /too long/],
    ['repeated', ['secret-a', 'secret-b'], /more than one value.*Send the header once/],
    ['repeated with equal values', ['secret-a', 'secret-a'], /more than one value/],
    ['repeated and empty', ['', ''], /more than one value/],
    ['repeated and joined by the front door', ['secret-a, secret-b'], /more than one value/],
    ['a bare key with a comma', ['secret-a,'], /comma/],
    ['repeated, quoted and joined', ['"secret-a", "secret-b"'], /not one structured-field string/],
    ['not closed', ['"secret-a'], /closed by a double quote/],
    ['followed by something', ['"secret-a" b'], /not one structured-field string/],
    ['with an escape that does not exist', ['"secret-a\\n"'], /not one structured-field string/],
    ['a space in a bare key', ['secret a'], /space or a double quote.*structured-field string/],
    ['a double quote in a bare key', ['secret"a'], /space or a double quote/],
    ['not ASCII', ['secret-é'], /not printable ASCII/],
    ['not ASCII, in quotes', ['"secret-é"'], /not printable ASCII/],
    ['a control character', ['secret-\u0000'], /not printable ASCII/],
    ['a control character in quotes', ['"secret-\u007f"'], /not printable ASCII/],
    ['a no-break space around it', ['\u00a0secret-a'], /not printable ASCII/],
  ])('%s', (_name, values, message) => {
    expect(() => read(...values)).toThrow(KeyInvalidError);
    expect(() => read(...values)).toThrow(message);
    expect(() => read(...values)).toThrow(/^The Idempotency-Key header /);
    expect(() => read(...values)).not.toThrow(/secret/);
  });

  test('any value at all is a printable key of at most 255 characters, or refused as invalid', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((inner) => `"${inner}"`),
      printableKey,
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 2 }), (values) => {
        expect(isKeyOrRefusal(values)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('a header of a megabyte is refused for its length alone', () => {
    expect(() => read(' '.repeat(2 ** 20))).toThrow(/too long/);
    expect(() => read(`"${'\\'.repeat(2 ** 20)}`)).toThrow(/too long/);
  });

  function isKeyOrRefusal(values: readonly string[]): boolean {
    try {
      const key = read(...values);
      return key === undefined ? values.length === 0 : /^[\x20-\x7e]{1,255}$/.test(key);
    } catch (error) {
      return error instanceof KeyInvalidError;
    }
  }
});
