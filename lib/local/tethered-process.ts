/**
 * A child process that cannot outlive this one.
 *
 * Signal handlers are not enough: nobody runs them on SIGKILL or on a crash of the runtime, and an engine that stays
 * behind holds its port. So the child hangs on a pipe: a small shell starts it and watches the pipe's end, which
 * the operating system closes however this process ends. The shell leads a process group of its own, so that a
 * Ctrl-C in the terminal reaches us alone and running requests can still be finished before the child is stopped.
 */

import { type ChildProcess, spawn } from 'node:child_process';

export interface TetheredProcess {
  /** Resolves once the process has ended; never rejects. */
  readonly exited: Promise<void>;
  /** Once it has ended; `undefined` before, and where a signal ended it. */
  exitCode(): number | undefined;
  hasExited(): boolean;
  /** The last lines that it wrote to its standard error, for an error message. */
  lastWords(): string;
  /** Asks it to end (SIGTERM by way of the pipe), ends it for good after 5 s, and resolves when it is gone. */
  stop(): Promise<void>;
}

const GRACE_MS = 5_000;
const LAST_WORDS_MAX_CHARACTERS = 2_000;

// "$@" is the command. Whichever ends first, command or pipe, takes the other along.
const TETHER_SCRIPT = `
exec 3<&0
"$@" </dev/null 3<&- & child=$!
(cat <&3 >/dev/null; kill "$child" 2>/dev/null) & watcher=$!
exec 3<&-
wait "$child"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export interface TetheredCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Gets the standard output, which is dropped without it. */
  readonly onOutput?: (chunk: string) => void;
}

export function startTethered({ command, args, cwd, env, onOutput }: TetheredCommand): TetheredProcess {
  const child = spawn('/bin/sh', ['-c', TETHER_SCRIPT, 'tether', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  });
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', onOutput ?? drop);

  let words = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    words = (words + chunk).slice(-LAST_WORDS_MAX_CHARACTERS);
  });
  // A pipe to a process that has just ended raises EPIPE; `exited` tells that story.
  child.stdin.on('error', ignoreBrokenPipe);

  let over = false;
  const exited = new Promise<void>((resolve) => {
    const settle = (): void => {
      over = true;
      child.stdin.destroy();
      resolve();
    };
    child.once('exit', settle);
    child.once('error', (error) => {
      words += error.message;
      settle();
    });
  });

  return {
    exited,
    exitCode: () => child.exitCode ?? undefined,
    hasExited: () => over,
    lastWords: () => words.trim(),
    stop: async () => {
      if (over) return;
      // Not a signal to the group: the shell would be gone before the program, and nobody could wait for that one.
      child.stdin.end();
      const forced = setTimeout(() => killGroup(child), GRACE_MS);
      await exited;
      clearTimeout(forced);
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended between our look and our signal, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ignoreBrokenPipe(): void {}

function drop(): void {}
