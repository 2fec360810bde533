import { type Command, Option } from 'commander';
import { durationMs, wholeNumber } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { CREDENTIALS_HELP, withTableOptions } from '../table/table-options.ts';
import type { ListOptions } from './list.ts';
import { LISTED_STATES } from './listed-state.ts';

const EXAMPLES = `
The table is scanned: each item of it is read, and billed, at half a read unit for 4 KB. --read-units bounds the rate.
--older-than counts from the end of the lease, the only time of a run that a record keeps.
${CREDENTIALS_HELP}

Exit codes: 0 listed (also where there is nothing to list), 2 wrong command line, 3 the table could not be asked.

Examples:
  $ lambda-idempotency list --table idempotency                        # keys whose outcome is unknown
  $ lambda-idempotency list --status in-progress --older-than 1h --json
  $ lambda-idempotency list --status all --limit 20
`;

export function addList(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('list')
    .summary('lists records by state and age, such as those in doubt')
    .description('Lists records of a table by their state and age. Shows no results.');
  withTableOptions(command)
    .addOption(new Option('--status <state>', 'which ones').choices(LISTED_STATES).default('uncertain'))
    .option('--older-than <duration>', 'whose lease ended longer ago than this: 90s, 15m, 2h, 7d', durationMs)
    .option('--limit <n>', 'stop after so many', wholeNumber(1, 100_000), 100)
    .option('--read-units <n>', 'read units a second that the scan may use', wholeNumber(1, 1_000_000), 200)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ListOptions) => {
      const { list } = await import('./list.ts');
      finish(await list(options, terminal));
    });
}
