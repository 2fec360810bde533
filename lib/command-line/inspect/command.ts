import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { RECORD_NAME_HELP, withRecordName } from '../table/record-name.ts';
import { CREDENTIALS_HELP, withTableOptions } from '../table/table-options.ts';
import type { InspectOptions } from './inspect.ts';

const EXAMPLES = `
${RECORD_NAME_HELP}
${CREDENTIALS_HELP}

Exit codes: 0 found, 1 there is no such record, 2 wrong command line, 3 the table could not be asked.

Examples:
  $ lambda-idempotency inspect --table idempotency --id 'add-to-cart#4Yb...'
  $ lambda-idempotency inspect --namespace add-to-cart --path /cart/items --key 8e03978e-40d5-43e8-bc93-6894a57f9324
  $ lambda-idempotency inspect --namespace charge-order --key order-17 --show-result --json
`;

export function addInspect(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('inspect')
    .summary('shows the record of one key')
    .description('Shows the record of one key: its state, attempt, lease and steps.');
  withTableOptions(withRecordName(command))
    .option('--show-result', 'show the recorded result and steps, too: they may hold personal data')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: InspectOptions) => {
      const { inspect } = await import('./inspect.ts');
      finish(await inspect(options, terminal));
    });
}
