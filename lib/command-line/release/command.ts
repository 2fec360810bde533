import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { RECORD_NAME_HELP, withRecordName } from '../table/record-name.ts';
import { withSettlementOptions } from '../table/settlement-options.ts';
import { CREDENTIALS_HELP, withTableOptions } from '../table/table-options.ts';
import type { ReleaseOptions } from './release.ts';

const EXAMPLES = `
Only for an operation that is known not to have taken effect: the next request with the key runs at once. Attempt number, steps and
payload of the record stay. It is written only if nobody has changed it since it was shown.

${RECORD_NAME_HELP}
${CREDENTIALS_HELP}

Exit codes: 0 released (or it was free already, or --dry-run), 1 refused, 2 wrong command line, 3 the table could not be asked.

Examples:
  $ lambda-idempotency release --table idempotency --id 'charge-order#4Yb...' --dry-run
  $ lambda-idempotency release --id 'charge-order#4Yb...' --owner 5f1c... --yes --json
`;

export function addRelease(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('release')
    .summary('gives a key in doubt back: nothing took effect')
    .description('Gives back a key whose attempt is known to have had no effect.');
  withSettlementOptions(withTableOptions(withRecordName(command)))
    .addHelpText('after', EXAMPLES)
    .action(async (options: ReleaseOptions) => {
      const { release } = await import('./release.ts');
      finish(await release(options, terminal));
    });
}
