import { EXIT, type ExitCode } from './exit-code.ts';

/** An error whose message is all that the user needs: it is printed without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    { exitCode, cause }: { readonly exitCode: ExitCode; readonly cause?: unknown },
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.exitCode = exitCode;
  }
}

/** For what the parser of options cannot see: options that need or exclude one another, files that are not there. */
export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage, cause });
}
