/** MiniStack, an emulator of AWS, as a child process with a virtual environment, a port and a folder of its own. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findFreePort } from '../../lib/local/free-port.ts';
import { LocalRunError } from '../../lib/local/local-run-error.ts';
import { startTethered, type TetheredProcess } from '../../lib/local/tethered-process.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const CACHE_DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/ministack', import.meta.url));
const COMPLETE = '.complete';
const INSTALL_WITHIN_MS = 10 * 60_000;
/** Python loads a hundred modules; seen to take 2 s where nothing else runs. */
const READY_WITHIN_MS = 60_000;
/** A free port can be lost to another process before the emulator binds it; thrice in a row is no accident. */
const PORT_ATTEMPTS = 3;

/** What the emulator takes for an account. It checks no signature. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export interface Emulator {
  readonly endpoint: string;
  /** The settings of an AWS client, without those of this machine's user: nothing may reach a real account. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the API of this `ApiUrl` is reached. Its host name is one that no resolver knows. */
  reachableUrl(apiUrl: string): string;
  stop(): Promise<void>;
}

/**
 * The folder of the virtual environment; made, once for each content of requirements.txt, where there is none.
 *
 * @throws LocalRunError where Python is missing, or pip cannot install
 */
export async function ensureEmulator(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS);
  const version = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  const directory = `${CACHE_DIRECTORY}-${version}`;
  if (existsSync(join(directory, COMPLETE))) return directory;

  await requirePython();
  await mkdir(join(directory, '..'), { recursive: true });
  // Left behind by a run that was stopped: programs in a virtual environment name their own path, so that one cannot
  // be made elsewhere and moved. Two runs that make it at once disturb each other, and say so.
  await rm(directory, { recursive: true, force: true });
  try {
    await run('python3', ['-m', 'venv', directory], { timeout: INSTALL_WITHIN_MS });
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
    await run(join(directory, 'bin/python'), [...install, '--requirement', REQUIREMENTS], {
      timeout: INSTALL_WITHIN_MS,
    });
  } catch (error) {
    throw new LocalRunError(`MiniStack could not be installed: ${reasonOf(error)}`, { cause: error });
  }
  await writeFile(join(directory, COMPLETE), '');
  return directory;
}

/** @param directory - holds everything that the emulator writes; whoever made it removes it */
export async function startEmulator(virtualEnvironment: string, directory: string): Promise<Emulator> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const child = startTethered({
      command: join(virtualEnvironment, 'bin/ministack'),
      args: [],
      cwd: directory,
      env: {
        PATH: process.env['PATH'],
        HOME: directory,
        TMPDIR: directory,
        S3_DATA_DIR: join(directory, 's3'),
        STATE_DIR: join(directory, 'state'),
        // It listens on every address otherwise, and runs whatever code it is sent.
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        MINISTACK_HOST: '127.0.0.1',
        MINISTACK_REGION: REGION,
        MINISTACK_ACCOUNT_ID: ACCOUNT,
        // Where functions find their tables.
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        LAMBDA_EXECUTOR: 'local',
        LOG_LEVEL: 'WARNING',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    });
    if (await answers(port, child)) return emulatorAt(port, child);
    await child.stop();
    if (attempt === PORT_ATTEMPTS) throw new LocalRunError(`MiniStack did not start: ${child.lastWords()}`);
  }
}

function emulatorAt(port: number, child: TetheredProcess): Emulator {
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    environment: {
      // By its address: clients then put a bucket's name into the path, and not into a host name.
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    reachableUrl: (apiUrl) => {
      // No job for URL: it takes a name that ends in a number for an address, and refuses this one.
      const [, apiId, stage] = /^https?:\/\/(\w+)\.execute-api\.[^/]+\/?(\w*)/.exec(apiUrl) ?? [];
      if (apiId === undefined) throw new Error(`Not the URL of an API: ${apiUrl}`);
      return `${endpoint}/_aws/execute-api/${apiId}/${stage || '$default'}`;
    },
    stop: child.stop,
  };
}

async function answers(port: number, child: TetheredProcess): Promise<boolean> {
  const ready = `http://127.0.0.1:${port}/_ministack/ready`;
  try {
    await until('MiniStack answers', () => child.hasExited() || isOk(ready), READY_WITHIN_MS);
  } catch {
    return false;
  }
  return !child.hasExited();
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function requirePython(): Promise<void> {
  try {
    await run('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))']);
  } catch (error) {
    throw new LocalRunError(
      'The AWS emulator needs Python 3.10 or later with its modules venv and ensurepip, and python3 did not do. On Debian: apt-get install python3 python3-venv.',
      { cause: error },
    );
  }
}

/** pip's last line says what is wrong; Node's own says only which command it was. */
function reasonOf(error: unknown): string {
  const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return words.split('\n').at(-1) || String(error);
}
