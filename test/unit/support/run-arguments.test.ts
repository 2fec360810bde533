import { describe, expect, test } from '@jest/globals';
import { oneOf, wholeNumber } from '../../support/run-arguments.ts';

describe('an argument of a run', () => {
  test('that is a whole number is one', () => {
    expect([wholeNumber('seed', '0', 0), wholeNumber('rounds', '12', 1)]).toEqual([0, 12]);
  });

  test.each(['', ' ', '0', '-1', '1.5', 'x', '9007199254740992'])(
    'is refused with what is right: %j',
    (text) => {
      expect(() => wholeNumber('rounds', text, 1)).toThrow(
        `--rounds takes a whole number of at least 1, and not "${text}".`,
      );
    },
  );

  test('is one of the names, or is refused with all of them', () => {
    expect(oneOf('world', 'locks', ['idempotency', 'locks'])).toBe('locks');
    expect(() => oneOf('world', 'loks', ['idempotency', 'locks'])).toThrow(
      '--world takes idempotency, locks, and not "loks".',
    );
  });
});
