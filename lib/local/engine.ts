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

export interface Engine {
  /** For people, such as `dynoxide (embedded)`. */
  readonly name: string;
  /** `http://127.0.0.1:8000`. */
  readonly endpoint: string;
  /** Resolves when the engine's process has ended, by `stop()` or by itself; never for one that was only used. */
  readonly ended: Promise<void>;
  /** Ends what was started for this engine, and nothing else: a running one that was only used stays. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Keeps the data in this folder; in memory without it. */
  readonly dataDirectory?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** A running engine answers at once, or it is not running. */
const RUNNING_ENGINE_ANSWERS_WITHIN_MS = 3_000;

/** Starts the first engine of the list above. Throws {@link LocalRunError} that says what to install. */
export async function startEngine({ dataDirectory, env = process.env }: EngineOptions = {}): Promise<Engine> {
  const endpoint = env['DYNAMODB_ENDPOINT'];
  if (endpoint !== undefined && endpoint !== '') return useRunningEngine(endpoint, dataDirectory);

  const embedded = findEmbeddedEngine();
  if (embedded !== undefined) return startEmbeddedEngine(embedded, { dataDirectory });

  const directory = findDynamoDbLocal(env);
  if (directory !== undefined && (await hasJava())) {
    return startDynamoDbLocal(undefined, { directory, dataDirectory });
  }

  const container = await findContainerProgram();
  if (container !== undefined) return startContainerEngine(container, { dataDirectory });

  throw new LocalRunError(
    'No DynamoDB engine was found. Any one of these will do: npm install on Linux x64 (embedded engine), ' +
      'Java 17 with DYNAMODB_LOCAL_DIR naming the folder of DynamoDBLocal.jar, a running Docker engine, ' +
      'or DYNAMODB_ENDPOINT naming a running engine.',
  );
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
