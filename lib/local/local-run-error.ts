/** A failure that the person at the terminal can put right: shown as one line, without a stack. */
export class LocalRunError extends Error {
  /** 1 where the machine is not ready, 2 where the command line is wrong (the shell's own convention). */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LocalRunError';
    this.exitCode = options.exitCode ?? 1;
  }
}
