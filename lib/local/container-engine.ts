import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from './running-engine.ts';
import { spawnEngine } from './spawned-engine.ts';

const run = promisify(execFile);

const IMAGE = 'amazon/dynamodb-local';
/** The first start downloads the image, some 250 MB. */
const READY_WITHIN_MS = 5 * 60_000;
/** A Docker client without its engine can take long to say so. */
const ENGINE_ANSWERS_WITHIN_MS = 5_000;
/** Podman takes the same arguments. */
const PROGRAMS = ['docker', 'podman'] as const;

/** A container program whose engine answers, or `undefined`. */
export async function findContainerProgram(): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    try {
      await run(program, ['info'], { timeout: ENGINE_ANSWERS_WITHIN_MS });
      return program;
    } catch {
      // Not installed, or no engine behind it: on to the next.
    }
  }
  return undefined;
}

export function startContainerEngine(
  program: string,
  { dataDirectory }: { readonly dataDirectory?: string | undefined } = {},
): Promise<Engine> {
  const mount: string[] = [];
  const storage: string[] = [];
  if (dataDirectory === undefined) {
    storage.push('-inMemory');
  } else {
    mkdirSync(dataDirectory, { recursive: true });
    // As root: the image's own user could not write into a folder of ours.
    mount.push('--user', 'root', '--volume', `${resolve(dataDirectory)}:/data`);
    storage.push('-dbPath', '/data');
  }
  return spawnEngine({
    name: `DynamoDB Local (${program})`,
    // Without a terminal the client passes our SIGTERM on, and --init lets the container end on it.
    commandFor: (port) => ({
      command: program,
      args: [
        ...['run', '--rm', '--init', '--publish', `127.0.0.1:${port}:8000`, ...mount, IMAGE],
        ...['-jar', 'DynamoDBLocal.jar', '-sharedDb', ...storage],
      ],
    }),
    readyWithinMs: READY_WITHIN_MS,
  });
}
