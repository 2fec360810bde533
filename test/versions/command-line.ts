import { parseArgs } from 'node:util';
import { SUITE_NAMES, type Suite } from './suites.ts';
import { MIDDYS, NODES, type Pair, SUPPORTED_PAIRS, TESTED_PAIRS } from './supported.ts';

const PAIRS = TESTED_PAIRS.map(({ node, middy }) => `Node ${node} with Middy ${middy}`).join(', ');

export const USAGE = `Runs the tests on each supported Node, which npm brings, and each supported Middy.

Usage: npm run test:versions -- [options] [files of tests]

  --node MAJOR    ${NODES.join(', ')}; may be given again
  --middy MAJOR   ${MIDDYS.join(', ')}; may be given again
  --suite NAME    ${SUITE_NAMES.join(', ')}; may be given again (all)
  --others        leave out the pair that npm run test:all runs: this Node, with Middy 6
  --list          print the runs, and run none
  --help          this text

Without --node and --middy: ${PAIRS}.
With either: every supported pair that fits.

Ends with 0 if all passed, with 1 if not, with 2 on wrong arguments. The counts are in reports/versions.json.`;

export class CommandLineError extends Error {}

export interface CommandLine {
  readonly pairs: readonly Pair[];
  readonly suites: readonly Suite[];
  /** Patterns of test files, as Jest takes them; none for all. */
  readonly files: readonly string[];
  readonly list: boolean;
  readonly help: boolean;
}

/** @throws CommandLineError on what nobody can mean. */
export function readCommandLine(args: readonly string[], runningNode: string): CommandLine {
  const { values, positionals } = parse(args);
  const nodes = among('--node', NODES, values.node);
  const middys = among('--middy', MIDDYS, values.middy);
  const suites = among('--suite', SUITE_NAMES, values.suite);

  const asked = nodes.length + middys.length > 0 ? SUPPORTED_PAIRS : TESTED_PAIRS;
  const pairs = asked.filter(
    ({ node, middy }) =>
      (nodes.length === 0 || nodes.includes(node)) &&
      (middys.length === 0 || middys.includes(middy)) &&
      !(values.others && node === runningNode && middy === '6'),
  );
  if (pairs.length === 0 && !values.help) {
    const supported = SUPPORTED_PAIRS.map(({ node, middy }) => `Node ${node} with Middy ${middy}`);
    throw new CommandLineError(`No supported pair fits. Supported: ${supported.join(', ')}.`);
  }
  return {
    pairs,
    suites: suites.length > 0 ? suites : ['all'],
    files: positionals,
    list: values.list,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  const names = { type: 'string', multiple: true, default: [] as string[] } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        node: names,
        middy: names,
        suite: names,
        others: flag,
        list: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    // Not by `instanceof`: within Jest, Node's own errors are of another realm.
    const [sentence] = String((error as Error).message).split('. ');
    throw new CommandLineError(`${sentence}. --help shows the options.`, { cause: error });
  }
}

function among<T extends string>(
  option: string,
  known: readonly T[],
  given: readonly string[],
): readonly T[] {
  return given.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) {
      throw new CommandLineError(`${option} ${name}: it can be ${known.join(', ')}.`);
    }
    return found;
  });
}
