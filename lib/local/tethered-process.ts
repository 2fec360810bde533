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
  hasExited(): boolean;
  /** The last lines that it wrote to its standard error, for an error message. */
  lastWords(): string;
  /** Asks it to end (SIGTERM), ends it for good after 5 s, and resolves when it is gone. */
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
}

export function startTethered({ command, args, cwd }: TetheredCommand): TetheredProcess {
  const child = spawn('/bin/sh', ['-c', TETHER_SCRIPT, 'tether', command, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  });

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
    hasExited: () => over,
    lastWords: () => words.trim(),
    stop: async () => {
      if (over) return;
      signalGroup(child, 'SIGTERM');
      const forced = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(forced);
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: it ended between our look and our signal, which is what we wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ignoreBrokenPipe(): void {}
