import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What each command is given when it is added to the program. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Says what the process ends with. */
  finish(exitCode: ExitCode): void;
}
