/** Variants in processes of their own, in turn, in reversed order every other round: a machine that changes its speed favours none. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { shipped } from './shipped.ts';

const LONGEST_OUTPUT_BYTES = 64 * 1024 * 1024;

export async function inTurn<Name>(
  names: readonly Name[],
  rounds: number,
  visit: (name: Name, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) await visit(name, round);
  }
}

export interface ProgramRun {
  readonly timeoutMs: number;
  /** The Node to run it on, where it is not this process's own. */
  readonly node?: string;
  readonly nodeFlags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * What the module at `path` prints as JSON, run over the built library in a process of its own.
 *
 * @throws when it fails, or has not ended after `timeoutMs`; it is ended then.
 */
export async function printedBy(
  path: string,
  args: readonly string[],
  { timeoutMs, node = process.execPath, nodeFlags = [], env }: ProgramRun,
): Promise<unknown> {
  const { stdout } = await promisify(execFile)(node, [...nodeFlags, await shipped(path), ...args], {
    maxBuffer: LONGEST_OUTPUT_BYTES,
    timeout: timeoutMs,
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
  });
  return JSON.parse(stdout);
}
