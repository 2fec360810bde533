/** `bin/local.ts` as a process of its own, as `npm start` runs it; it cannot outlive the test run. */

import { fileURLToPath } from 'node:url';
import { startTethered, type TetheredProcess } from '../../lib/local/tethered-process.ts';
import { childEnvironment } from './child-environment.ts';

const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface LocalServerProcess {
  readonly url: string;
  readonly endpoint: string;
  readonly tables: { readonly idempotency: string; readonly cart: string; readonly seats: string };
  /** Of the server itself, and not of what holds it. */
  readonly pid: number;
  readonly process: TetheredProcess;
  stop(): Promise<void>;
}

export interface LocalServerProcessOptions {
  readonly args?: readonly string[];
  /** On top of this process's environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs `bin/local.ts` with the given arguments, whatever comes of it. */
export function runLocalCommand(
  { args = [], env = {} }: LocalServerProcessOptions,
  onOutput: (chunk: string) => void = () => {},
): TetheredProcess {
  return startTethered({
    command: process.execPath,
    args: ['--import', 'tsx', 'bin/local.ts', ...args],
    cwd: REPOSITORY_ROOT,
    env: { ...childEnvironment(), ...env },
    onOutput,
  });
}

/** Starts a server on a free port and resolves when it is ready. By default on the engine of this test run. */
export async function startLocalServerProcess(
  options: LocalServerProcessOptions = {},
): Promise<LocalServerProcess> {
  let output = '';
  let announce: (line: string) => void = () => {};
  const firstLine = new Promise<string>((resolve) => {
    announce = resolve;
  });
  const child = runLocalCommand(
    { ...options, args: ['--json', '--port', '0', ...(options.args ?? [])] },
    (chunk) => {
      output += chunk;
      const end = output.indexOf('\n');
      if (end >= 0) announce(output.slice(0, end));
    },
  );
  const ready = await Promise.race([firstLine, child.exited]);
  if (ready === undefined) throw new Error(`bin/local.ts did not start: ${child.lastWords()}`);
  // The line that bin/local.ts prints for scripts.
  const { url, endpoint, tables, pid } = JSON.parse(ready) as Omit<LocalServerProcess, 'process' | 'stop'>;
  return { url, endpoint, tables, pid, process: child, stop: child.stop };
}
