import type { Command } from 'commander';
import { httpUrl, wholeNumber } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { CREDENTIALS_HELP, withTableOptions } from '../table/table-options.ts';
import type { DoctorOptions } from './doctor.ts';

const EXAMPLES = `
Nothing is changed: the writes that permissions are tried with are conditional on an item that is not there. What is tried is what
these credentials may do; with the role of the function it is what the function may do.
${CREDENTIALS_HELP}

Exit codes: 0 no problem, 1 a problem (or a warning, with --strict), 2 wrong command line, 3 the table could not be asked.

Examples:
  $ lambda-idempotency doctor --table idempotency
  $ lambda-idempotency doctor --table idempotency --function add-to-cart --strict --json
`;

export function addDoctor(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('doctor')
    .summary('checks table, permissions, clock and function')
    .description(
      'Checks what the guard needs: the table and its key, TTL, billing, encryption and replicas, the permissions one by one, the clock, and the settings of the function.',
    );
  withTableOptions(command)
    .option('--function <name>', 'also look at this function (needs @aws-sdk/client-lambda)')
    .option('--function-timeout <s>', 'instead of that: its time-out in seconds', wholeNumber(1, 900))
    .option('--lambda-endpoint <url>', 'another endpoint of Lambda than that of AWS', httpUrl)
    .option('--strict', 'warnings count as problems')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      finish(await doctor(options, terminal));
    });
}
