import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environmentOf, type InstalledNode } from './node-of.ts';
import { SUITES, type Suite } from './suites.ts';
import type { Pair } from './supported.ts';

const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface SuiteRun extends Counts {
  /** As `24.21.0`. */
  readonly node: string;
  readonly middy: string;
  readonly suite: Suite;
  readonly seconds: number;
}

/** Runs one suite on one pair of versions, with Jest's own report on the terminal. */
export async function runSuite(
  installed: InstalledNode,
  pair: Pair,
  suite: Suite,
  files: readonly string[],
): Promise<SuiteRun> {
  const countsFile = `reports/versions/node-${pair.node}-middy-${pair.middy}-${suite}.json`;
  rmSync(`${REPOSITORY_ROOT}${countsFile}`, { force: true });
  const startedMs = performance.now();
  const code = await jest(installed, files, {
    TEST_NODE: pair.node,
    TEST_MIDDY: pair.middy,
    TEST_CONFIGURATION: SUITES[suite],
    TEST_COUNTS_FILE: countsFile,
  });
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const counts = countsOf(`${REPOSITORY_ROOT}${countsFile}`, code);
  return { node: installed.version, middy: pair.middy, suite, ...counts, seconds };
}

function jest(
  installed: InstalledNode,
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
) {
  const child = spawn(
    installed.path,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--config',
      'jest.versions.config.js',
      ...files,
    ],
    { cwd: REPOSITORY_ROOT, stdio: 'inherit', env: { ...environmentOf(installed), ...environment } },
  );
  return new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** A run that left no counts, or passed them all and yet ended badly, has failed once more than it says. */
function countsOf(file: string, code: number | null): Counts {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { ...counts, failed: 1 };
  }
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
