import { describe, expect, test } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import {
  collectHeader,
  decimal,
  durationMs,
  httpUrl,
  wholeNumber,
} from '../../../lib/command-line/arguments.ts';

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(['', '15', 'm', '1.5h', '-1h', '1w', '1234567s', '1 h'])('%j is none', (text) => {
    expect(() => durationMs(text)).toThrow(InvalidArgumentError);
  });
});

describe('a number', () => {
  test('within its bounds, and nothing else', () => {
    expect([wholeNumber(1, 10)('1'), wholeNumber(1, 10)('10')]).toEqual([1, 10]);
    for (const text of ['0', '11', '1.5', '', '1e1', '0x1', ' 1', '-1']) {
      expect(() => wholeNumber(1, 10)(text)).toThrow(/whole number from 1 to 10/);
    }
    expect([decimal(0, 1)('0'), decimal(0, 1)('0.25')]).toEqual([0, 0.25]);
    for (const text of ['1.1', '', '.5', '1.', 'NaN', '1e-1']) {
      expect(() => decimal(0, 1)(text)).toThrow(/number from 0 to 1/);
    }
  });
});

describe('a header', () => {
  test('has a name and a value, which may be empty and hold colons', () => {
    const first = collectHeader('X-A: 1', undefined);
    expect(collectHeader('Authorization:Bearer a:b', first)).toEqual([
      ['X-A', '1'],
      ['Authorization', 'Bearer a:b'],
    ]);
    expect(collectHeader('X-Empty:', undefined)).toEqual([['X-Empty', '']]);
  });

  test.each(['', 'x', ': 1', 'a b: 1', 'a\u00e9: 1'])('%j is none', (text) => {
    expect(() => collectHeader(text, undefined)).toThrow(/"Name: value"/);
  });
});

test.each(['', 'example.com', 'ftp://x', 'http://', 'https://a b'])('%j is no URL of an API', (text) => {
  expect(() => httpUrl(text)).toThrow(InvalidArgumentError);
});
