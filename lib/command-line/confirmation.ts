import { usageError } from './command-error.ts';
import type { Terminal } from './terminal.ts';

/**
 * Whether to go on: `--yes` says so, or somebody at the terminal.
 * @throws CommandError with exit code 2 where nobody can be asked
 */
export async function confirmed(
  question: string,
  { yes }: { readonly yes?: boolean },
  terminal: Terminal,
): Promise<boolean> {
  if (yes) return true;
  if (!terminal.canAsk) {
    throw usageError(
      'Nobody can be asked here: --yes goes on without a question, --dry-run shows what would be done.',
    );
  }
  const answer = await terminal.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
