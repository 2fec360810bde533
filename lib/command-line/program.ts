import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { isIdempotencyError } from '../idempotency/errors.ts';
import type { CommandContext } from './command-context.ts';
import { CommandError } from './command-error.ts';
import { addComplete } from './complete/command.ts';
import { addConform } from './conform/command.ts';
import { addCost } from './cost/command.ts';
import { addDoctor } from './doctor/command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { addInspect } from './inspect/command.ts';
import { addList } from './list/command.ts';
import { addPurge } from './purge/command.ts';
import { addRelease } from './release/command.ts';
import type { Terminal } from './terminal.ts';

/** @returns the exit code; whatever there is to say has been said to the terminal */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const context: CommandContext = {
    terminal,
    finish: (code) => {
      exitCode = code;
    },
  };
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, terminal);
  }
}

function createProgram(context: CommandContext): Command {
  const program = new Command('lambda-idempotency')
    .description('Looks at, tests and mends what makes requests safe to retry.')
    .usage('<command> [options]')
    .version(packageVersion(), '--version', 'show the version')
    .helpCommand('help [command]', 'show what a command does, and its options')
    .configureOutput({ writeOut: context.terminal.out, writeErr: context.terminal.error })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showHelpAfterError('(--help shows the options)')
    .exitOverride();
  addConform(program, context);
  addInspect(program, context);
  addList(program, context);
  addRelease(program, context);
  addComplete(program, context);
  addPurge(program, context);
  addDoctor(program, context);
  addCost(program, context);
  return program;
}

/** The same way up from `lib` and from `dist`. */
function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
  return version;
}

function reportError(error: unknown, terminal: Terminal): ExitCode {
  // Commander has printed its own by now, help included, which it "throws" with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandError) {
    terminal.error(`error: ${error.message}\n`);
    return error.exitCode;
  }
  if (isIdempotencyError(error)) {
    terminal.error(`error: ${error.message}\n`);
    return EXIT.unknown;
  }
  throw error;
}
