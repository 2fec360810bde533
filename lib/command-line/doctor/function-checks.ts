/** What the function's own settings have to do with its guard. */
import { CommandError, usageError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { type Diagnosis, notChecked, ok, problem, refusalOf, warning } from './diagnosis.ts';

/** What is known of the function, by its name or from the command line. */
export interface FunctionFacts {
  readonly timeoutSeconds: number;
  /** Absent where only the time-out is known. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface FunctionQuery {
  readonly name: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/** REST APIs: 29 s, which can be raised; HTTP APIs: 30 s, which cannot ("Amazon API Gateway quotas"). */
const GATEWAY_WAITS_SECONDS = 29;

/** Three tries of up to 3 s each, as `createDefaultClient` has them, and the pauses between. */
const TRIES_TAKE_SECONDS = 10;

/** @returns a sentence where the function could not be asked for want of a permission */
export async function factsOf({ name, region, endpoint }: FunctionQuery): Promise<FunctionFacts | string> {
  const { LambdaClient, GetFunctionConfigurationCommand } = await loadLambdaClient();
  const client = new LambdaClient({
    maxAttempts: 3,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  try {
    const { Timeout, Environment } = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName: name }),
    );
    return { timeoutSeconds: Timeout ?? 3, environment: Environment?.Variables ?? {} };
  } catch (error) {
    const refusal = refusalOf(error, 'lambda:GetFunctionConfiguration');
    if (refusal !== undefined) return refusal;
    throw new CommandError(`The function "${name}" could not be asked (${(error as Error).name}).`, {
      exitCode: EXIT.unknown,
      cause: error,
    });
  } finally {
    client.destroy();
  }
}

/** An optional peer: who does not ask for a function need not have it. */
async function loadLambdaClient() {
  try {
    return await import('@aws-sdk/client-lambda');
  } catch (error) {
    throw usageError(
      '--function needs the package @aws-sdk/client-lambda, which is not installed: npm install @aws-sdk/client-lambda, or give --function-timeout.',
      error,
    );
  }
}

export function diagnoseFunction(
  facts: FunctionFacts | string | undefined,
  tableName: string,
): readonly Diagnosis[] {
  if (typeof facts !== 'object') {
    const reason = facts ?? '--function names the function, or --function-timeout gives its seconds';
    return ['function-timeout', 'function-table', 'sdk-retries'].map((id) => notChecked(id, reason));
  }
  const { timeoutSeconds, environment } = facts;
  return [
    timeout(timeoutSeconds),
    environment === undefined
      ? notChecked('function-table', '--function names the function')
      : tableOfFunction(environment, tableName),
    environment === undefined
      ? notChecked('sdk-retries', '--function names the function')
      : sdkRetries(environment),
  ];
}

function timeout(seconds: number): Diagnosis {
  if (seconds > GATEWAY_WAITS_SECONDS) {
    return warning('function-timeout', {
      found: `${seconds} s`,
      right: `at most ${GATEWAY_WAITS_SECONDS} s behind API Gateway, which waits 29 s (REST) or 30 s (HTTP)`,
      why: 'a longer run goes on after its client was told of a time-out, and holds its key for as long',
    });
  }
  if (seconds < TRIES_TAKE_SECONDS) {
    return warning('function-timeout', {
      found: `${seconds} s`,
      right: `${TRIES_TAKE_SECONDS} s or more, or a client of your own with shorter time-outs`,
      why: 'a table that does not answer is tried three times for up to 3 s: the function would end without an answer',
    });
  }
  return ok('function-timeout', `${seconds} s`);
}

function tableOfFunction(environment: Readonly<Record<string, string>>, tableName: string): Diagnosis {
  const name = environment['IDEMPOTENCY_TABLE'];
  if (name === tableName) return ok('function-table', name);
  if (name === undefined) {
    return notChecked(
      'function-table',
      'the function has no IDEMPOTENCY_TABLE: its code must name the table',
    );
  }
  return problem('function-table', {
    found: `IDEMPOTENCY_TABLE of the function is "${name}"`,
    right: `"${tableName}", the table that was looked at`,
    why: 'the function keeps its records elsewhere, unless its code names a table',
  });
}

function sdkRetries(environment: Readonly<Record<string, string>>): Diagnosis {
  const mode = environment['AWS_RETRY_MODE'] ?? 'standard';
  const attempts = environment['AWS_MAX_ATTEMPTS'];
  const found = `AWS_RETRY_MODE ${mode}, AWS_MAX_ATTEMPTS ${attempts ?? 'not set'}`;
  if (mode === 'adaptive') {
    return warning('sdk-retries', {
      found,
      right: 'standard',
      why: 'the adaptive mode holds requests back in the function, while the time of the lease runs',
    });
  }
  if (attempts === '1') {
    return warning('sdk-retries', {
      found,
      right: '3, or not set',
      why: 'a client of your own then gives up at the first lost packet; the client that the library makes tries three times',
    });
  }
  return ok('sdk-retries', found);
}
