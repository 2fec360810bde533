import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SuiteOptions {
  /** Base URL of the deployed sample. */
  readonly url: string;
  /** Value of the header `Authorization`, for a deployment that asks for one. */
  readonly authorization?: string | undefined;
  /** Files of the suite; all of them unless given. */
  readonly files?: readonly string[];
}

/** Runs the black-box suite against a deployment, in a process of its own; resolves to whether it passed. */
export function runSuite({ url, authorization, files = [] }: SuiteOptions): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--config',
      'jest.e2e.config.js',
      ...files,
    ],
    {
      cwd: REPOSITORY_ROOT,
      // Standard output is for the caller's own result.
      stdio: ['ignore', process.stderr, process.stderr],
      env: {
        ...process.env,
        BASE_URL: url,
        ...(authorization === undefined ? {} : { AUTHORIZATION: authorization }),
      },
    },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}
