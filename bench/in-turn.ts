/** Variants in processes of their own, in turn, in reversed order every other round: a machine that changes its speed favours none. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

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

/**
 * What the module at `path` prints as JSON, run in a process of its own.
 *
 * @throws when it fails, or has not ended after `timeoutMs`; it is ended then.
 */
export async function printedBy(path: string, args: readonly string[], timeoutMs: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', path, ...args], {
    maxBuffer: LONGEST_OUTPUT_BYTES,
    timeout: timeoutMs,
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  return JSON.parse(stdout);
}
