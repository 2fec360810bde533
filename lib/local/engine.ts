/**
 * Something on this machine that speaks DynamoDB, found in this order:
 *
 * 1. a running one that `DYNAMODB_ENDPOINT` names;
 * 2. the embedded engine that npm installs on the platforms for which there is one;
 * 3. Amazon's DynamoDB Local in Java, where its jar has been put or fetched;
 * 4. the same in a container.
 */

import { findContainerProgram, startContainerEngine } from './container-engine.ts';
import { findDynamoDbLocal, hasJava, startDynamoDbLocal } from './dynamodb-local.ts';
import { findEmbeddedEngine, startEmbeddedEngine } from './embedded-engine.ts';
import { answersDynamoDb } from './engine-readiness.ts';
import { LocalRunError } from './local-run-error.ts';
import type { Engine } from './running-engine.ts';

export interface EngineOptions {
  /** Keeps the data in this folder; in memory without it. */
  readonly dataDirectory?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

interface EngineSearch {
  readonly dataDirectory: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

type EngineStart = () => Promise<Engine>;

/** Resolves to what starts the engine, or to `undefined` where this machine does not have it. */
export type EngineFinder = (search: EngineSearch) => Promise<EngineStart | undefined>;

/** In the order of the list above. */
export const ENGINE_FINDERS: readonly EngineFinder[] = [findRunning, findEmbedded, findJava, findContainer];

/** A running engine answers at once, or it is not running. */
const RUNNING_ENGINE_ANSWERS_WITHIN_MS = 3_000;

/** Starts the first engine that is found. Throws {@link LocalRunError} that says what to install. */
export async function startEngine(
  { dataDirectory, env = process.env }: EngineOptions = {},
  finders: readonly EngineFinder[] = ENGINE_FINDERS,
): Promise<Engine> {
  for (const find of finders) {
    const start = await find({ dataDirectory, env });
    if (start !== undefined) return start();
  }
  throw new LocalRunError(
    'No DynamoDB engine was found. Any one of these will do: npm install on Linux x64 (embedded engine), ' +
      'Java 17 with DYNAMODB_LOCAL_DIR naming the folder of DynamoDBLocal.jar, a running Docker engine, ' +
      'or DYNAMODB_ENDPOINT naming a running engine.',
  );
}

async function findRunning({ dataDirectory, env }: EngineSearch): Promise<EngineStart | undefined> {
  const endpoint = env['DYNAMODB_ENDPOINT'];
  return endpoint ? () => useRunningEngine(endpoint, dataDirectory) : undefined;
}

async function findEmbedded({ dataDirectory }: EngineSearch): Promise<EngineStart | undefined> {
  const program = findEmbeddedEngine();
  return program === undefined ? undefined : () => startEmbeddedEngine(program, { dataDirectory });
}

async function findJava({ dataDirectory, env }: EngineSearch): Promise<EngineStart | undefined> {
  const directory = findDynamoDbLocal(env);
  if (directory === undefined || !(await hasJava())) return undefined;
  return () => startDynamoDbLocal(undefined, { directory, dataDirectory });
}

async function findContainer({ dataDirectory }: EngineSearch): Promise<EngineStart | undefined> {
  const program = await findContainerProgram();
  return program === undefined ? undefined : () => startContainerEngine(program, { dataDirectory });
}

async function useRunningEngine(endpoint: string, dataDirectory: string | undefined): Promise<Engine> {
  if (dataDirectory !== undefined) {
    throw new LocalRunError(
      'The running engine that DYNAMODB_ENDPOINT names keeps its own data: leave out --data, or unset DYNAMODB_ENDPOINT.',
      { exitCode: 2 },
    );
  }
  if (!URL.canParse(endpoint)) {
    throw new LocalRunError(
      `DYNAMODB_ENDPOINT has to be a URL such as http://127.0.0.1:8000, and is: ${endpoint}`,
      { exitCode: 2 },
    );
  }
  if (!(await answersDynamoDb(endpoint, { withinMs: RUNNING_ENGINE_ANSWERS_WITHIN_MS }))) {
    throw new LocalRunError(`No DynamoDB engine answers at ${endpoint}, which DYNAMODB_ENDPOINT names.`);
  }
  return { name: 'running engine (DYNAMODB_ENDPOINT)', endpoint, ended: NEVER, stop: leaveRunning };
}

const NEVER = new Promise<never>(() => {});

async function leaveRunning(): Promise<void> {}
