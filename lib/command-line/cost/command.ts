import { type Command, Option } from 'commander';
import { decimal, durationMs, textOrFile } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import type { CostOptions } from './cost.ts';
import { LIST_PRICES } from './prices.ts';
import { STRATEGIES } from './strategy.ts';

const DAY_MS = 86_400_000;

const EXAMPLES = `
Counts the items that the library would write, and asks nobody: no table, no credentials. --body-file takes an answer of your own, since
what compresses well is cheap. Prices are the on-demand list prices of us-east-1.

Exit codes: 0 calculated, 2 wrong command line.

Examples:
  $ lambda-idempotency cost --rps 1000 --body-kb 2
  $ lambda-idempotency cost --rps 50 --body-file @answer.json --duplicates 5 --strategy commit --json
`;

export function addCost(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('cost')
    .summary('calculates units and money for a rate and a size')
    .description('Calculates what the table costs for a rate of requests and a size of answers.')
    .addOption(
      new Option('--rps <n>', 'requests a second, those with a key')
        .argParser(decimal(0.000001, 10_000_000))
        .makeOptionMandatory(),
    )
    .option('--body-kb <n>', 'size of the body of an answer, of JSON, in KB', decimal(0, 6 * 1024), 1)
    .option('--body-file <file>', 'a body of your own instead: @ and its file', textOrFile)
    .option(
      '--duplicates <percent>',
      'share of requests that are retries of completed ones',
      decimal(0, 100),
      1,
    )
    .option('--failures <percent>', 'share of requests whose handler fails', decimal(0, 100), 0)
    .addOption(
      new Option('--strategy <strategy>', "lock, or commit with the handler's writes")
        .choices(STRATEGIES)
        .default('lock'),
    )
    .addOption(
      new Option('--retention <duration>', 'how long results are kept')
        .argParser(durationMs)
        .default(DAY_MS, '1d'),
    )
    .option(
      '--write-price <usd>',
      'of a million write units',
      decimal(0, 1_000),
      LIST_PRICES.perMillionWriteUnits,
    )
    .option(
      '--read-price <usd>',
      'of a million read units',
      decimal(0, 1_000),
      LIST_PRICES.perMillionReadUnits,
    )
    .option('--storage-price <usd>', 'of a gigabyte a month', decimal(0, 1_000), LIST_PRICES.perGigabyteMonth)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: CostOptions) => {
      const { cost } = await import('./cost.ts');
      finish(await cost(options, terminal));
    });
}
