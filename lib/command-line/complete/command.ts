import { type Command, Option } from 'commander';
import { collectHeader, durationMs, textOrFile, wholeNumber } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { RECORD_NAME_HELP, withRecordName } from '../table/record-name.ts';
import { withSettlementOptions } from '../table/settlement-options.ts';
import { CREDENTIALS_HELP, withTableOptions } from '../table/table-options.ts';
import type { CompleteOptions } from './complete.ts';
import { WRITTEN_FORMATS } from './written-format.ts';

const DAY_MS = 86_400_000;

const EXAMPLES = `
Only for an operation that is known to have taken effect: retries get the result that is given here, and nothing runs again. The record
is written only if nobody has changed it since it was shown.

${RECORD_NAME_HELP}
${CREDENTIALS_HELP}

Exit codes: 0 completed (or --dry-run), 1 refused, 2 wrong command line, 3 the table could not be asked.

Examples:
  $ lambda-idempotency complete --table idempotency --id 'add-to-cart#4Yb...' \\
      --http-status 201 --http-header 'Content-Type: application/json' --http-body @line.json
  $ lambda-idempotency complete --namespace charge-order --key order-17 --result '{"chargeId":"ch_1"}' --dry-run
`;

export function addComplete(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('complete')
    .summary('consumes a key in doubt: it took effect')
    .description(
      'Consumes a key whose attempt is known to have taken effect, with the result that retries shall get.',
    );
  withTableOptions(withRecordName(command))
    .option('--result <json>', 'what the function would have returned, or @ and a file', textOrFile)
    .option('--http-status <n>', 'or for an HTTP request: status of the answer', wholeNumber(200, 499))
    .option('--http-header <header>', '"Name: value" of the answer; may be repeated', collectHeader)
    .option('--http-body <text>', 'body of the answer, or @ and a file', textOrFile)
    .addOption(
      new Option('--retention <duration>', 'how long the result is kept')
        .argParser(durationMs)
        .default(DAY_MS, '1d'),
    )
    .addOption(
      new Option(
        '--record-format <format>',
        'that of the function; powertools on a table that is shared with it',
      ).choices(WRITTEN_FORMATS),
    );
  withSettlementOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: CompleteOptions) => {
      const { complete } = await import('./complete.ts');
      finish(await complete(options, terminal));
    });
}
