import { describe, expect, test } from '@jest/globals';
import { columns } from '../../../lib/command-line/columns.ts';
import { isJsonPointer, valueAt } from '../../../lib/command-line/conform/json-pointer.ts';
import { createProgress } from '../../../lib/command-line/progress.ts';
import { fromNow } from '../../../lib/command-line/table/from-now.ts';

describe('columns', () => {
  test('are as wide as their widest cell, and lines end without blanks', () => {
    const rows = [
      ['id', 'state', ''],
      ['orders#1', '-', 'x'],
    ];
    expect(columns(rows)).toBe('id        state\norders#1  -      x\n');
    expect(columns([])).toBe('');
  });

  test('do not hand control characters of other people to the terminal', () => {
    expect(columns([['a\u001b[31mb\u0007\n', 'c']])).toBe('a?[31mb??  c\n');
  });
});

test.each([
  [0, '0 s ago'],
  [1_500, 'in 2 s'],
  [-59_000, '59 s ago'],
  [119_000, 'in 119 s'],
  [-120_000, '2 min ago'],
  [7_200_000, 'in 2 h'],
  [-3 * 86_400_000, '3 d ago'],
])('%i ms from now is "%s"', (distance, text) => {
  expect(fromNow(1_000_000_000_000 + distance, 1_000_000_000_000)).toBe(text);
});

describe('a JSON Pointer', () => {
  const document = { lines: [{ 'a/b': 1 }, { 'm~n': 2 }], '': 3 };
  test.each<[string, unknown]>([
    ['', document],
    ['/lines', document.lines],
    ['/lines/0/a~1b', 1],
    ['/lines/1/m~0n', 2],
    ['/', 3],
    ['/lines/2', undefined],
    ['/lines/length', undefined],
    ['/__proto__', undefined],
    ['/lines/0/a~1b/x', undefined],
  ])('%j', (pointer, value) => {
    expect(valueAt(document, pointer)).toEqual(value);
  });

  test('is empty or begins with a slash', () => {
    expect(['', '/', '/a', 'a', '#/a'].map(isJsonPointer)).toEqual([true, true, true, false, false]);
  });
});

describe('progress', () => {
  const recorded = (showsProgress: boolean) => {
    let written = '';
    const progress = createProgress({
      showsProgress,
      env: {},
      canAsk: false,
      out: () => {},
      error: (text) => {
        written += text;
      },
      ask: async () => '',
      input: async () => '',
    });
    return { progress, written: () => written };
  };

  test('draws one line again at a terminal, not at every step, and leaves it', () => {
    const { progress, written } = recorded(true);
    progress.show('1 item');
    progress.show('2 items');
    progress.end();
    expect(written()).toBe('\u001b[2K\r1 item\u001b[2K\r');
  });

  test('says nothing in a log before there is something to wait for', () => {
    const { progress, written } = recorded(false);
    progress.show('1 item');
    progress.end();
    expect(written()).toBe('');
  });
});
