import { describe, expect, test } from '@jest/globals';
import { CommandLineError, readCommandLine } from '../../versions/command-line.ts';

const pairsOf = (args: readonly string[], runningNode = '20') =>
  readCommandLine(args, runningNode).pairs.map(({ node, middy }) => `${node}/${middy}`);

describe('which pairs are run', () => {
  test.each([
    [[], ['20/6', '22/7', '24/7']],
    [
      ['--node', '22'],
      ['22/6', '22/7'],
    ],
    [
      ['--node', '20', '--node', '24'],
      ['20/6', '24/6', '24/7'],
    ],
    [
      ['--middy', '7'],
      ['22/7', '24/7'],
    ],
    [['--node', '24', '--middy', '6'], ['24/6']],
    [['--others'], ['22/7', '24/7']],
  ])('%j', (args, expected) => {
    expect(pairsOf(args)).toEqual(expected);
  });

  test('the other pairs of a Node that no pair of its own is run on are all', () => {
    expect(pairsOf(['--others'], '24')).toEqual(['20/6', '22/7', '24/7']);
  });
});

test('suites and files are passed on; without a suite it is all of them', () => {
  expect(readCommandLine(['--suite', 'valkey', 'test/valkey/cluster'], '20')).toMatchObject({
    suites: ['valkey'],
    files: ['test/valkey/cluster'],
  });
  expect(readCommandLine([], '20')).toMatchObject({ suites: ['all'], files: [] });
});

test.each<[string[], RegExp]>([
  [['--node', '18'], /--node 18: it can be 20, 22, 24/],
  [['--middy', '5'], /--middy 5: it can be 6, 7/],
  [['--suite', 'some'], /--suite some: it can be all, quick/],
  [['--node', '20', '--middy', '7'], /No supported pair fits. Supported: Node 20 with Middy 6/],
  [['--nodes', '20'], /Unknown option '--nodes'.*--help/],
])('%j is refused', (args, message) => {
  const read = () => readCommandLine(args, '20');
  expect(read).toThrow(CommandLineError);
  expect(read).toThrow(message);
});
