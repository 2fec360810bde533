import type { Command } from 'commander';
import { httpUrl } from '../arguments.ts';

export interface TableOptions {
  readonly table?: string;
  readonly region?: string;
  readonly endpoint?: string;
}

/** Adds what every command takes that looks at a table. */
export function withTableOptions(command: Command): Command {
  return command
    .option('--table <name>', 'the idempotency table; default: IDEMPOTENCY_TABLE of the environment')
    .option('--region <region>', 'its region; default: as for the AWS CLI')
    .option('--endpoint <url>', 'another endpoint than that of AWS, such as a local engine', httpUrl);
}

/** For the help: credentials are nobody's option. */
export const CREDENTIALS_HELP =
  'Credentials and region are found as by any program that uses the AWS SDK (AWS_PROFILE, AWS_REGION, ...).';
