import type { Command } from 'commander';

/** What `release` and `complete` both take, on top of the table and the name of the record. */
export function withSettlementOptions(command: Command): Command {
  return command
    .option('--owner <owner>', 'only if this is the owner, as inspect shows it')
    .option('--force', 'also while the lease is live; needs --owner')
    .option('--dry-run', 'show the record and what would be done, and write nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON');
}
