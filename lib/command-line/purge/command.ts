import { type Command, Option } from 'commander';
import { durationMs, wholeNumber } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { CREDENTIALS_HELP, withTableOptions } from '../table/table-options.ts';
import type { PurgeOptions } from './purge.ts';

const HOUR_MS = 3_600_000;

const EXAMPLES = `
Needed only where TTL is off, or was for a while: DynamoDB deletes expired items by itself, and at no charge. Deletes records and chunks
that have expired, and chunks of attempts that have lost their key. Nothing that counts, no locks, and nothing that is not ours.
The table is scanned, and each deletion is a write: --read-units and --write-units bound the rate.
${CREDENTIALS_HELP}

Exit codes: 0 purged (or --dry-run), 1 the question was answered with no, 2 wrong command line, 3 the table could not be asked.

Examples:
  $ lambda-idempotency purge --table idempotency --dry-run
  $ lambda-idempotency purge --table idempotency --expired-for 7d --write-units 20 --yes --json
`;

export function addPurge(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('purge')
    .summary('deletes what has expired, at a bounded rate')
    .description('Deletes expired records and orphaned chunks, at a bounded rate.');
  withTableOptions(command)
    .addOption(
      new Option('--expired-for <duration>', 'only what expired longer ago than this')
        .argParser(durationMs)
        .default(HOUR_MS, '1h'),
    )
    .option('--read-units <n>', 'read units a second that the scan may use', wholeNumber(1, 1_000_000), 200)
    .option('--write-units <n>', 'write units a second that deletions may use', wholeNumber(1, 1_000_000), 50)
    .option('--dry-run', 'count what would be deleted, and delete nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: PurgeOptions) => {
      const { purge } = await import('./purge.ts');
      finish(await purge(options, terminal));
    });
}
