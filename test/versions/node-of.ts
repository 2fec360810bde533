import { execFileSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import type { NodeMajor } from './supported.ts';

export interface InstalledNode {
  readonly path: string;
  /** As `24.21.0`. */
  readonly version: string;
}

/**
 * The newest Node of a major version, which npm brings as its package `node`.
 *
 * @throws Error where npm brings none, or another.
 */
export function nodeOf(major: NodeMajor): InstalledNode {
  const print = 'process.version.slice(1) + " " + process.execPath';
  const npx = ['--yes', '--package', `node@${major}`, '--', 'node', '--print', print];
  const [version = '', path = ''] = execFileSync('npx', npx, { encoding: 'utf8' }).trim().split(/ (.*)/);
  if (!version.startsWith(`${major}.`)) throw new Error(`npm brought ${version} for Node ${major}.`);
  return { path, version };
}

/** This process's environment, in which `node` is that one: also for the programs that programs start. */
export function environmentOf({ path }: InstalledNode): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env['PATH'] ?? ''}` };
}
