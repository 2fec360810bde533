import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalRunError } from './local-run-error.ts';

export const HELP = `Serves the sample API on this machine, on a DynamoDB-compatible engine.

Usage: npm start -- [options]

  --port N       port of 127.0.0.1; 0 for any free one    [PORT, else 3000]
  --data DIR     keep the data in this folder             [in memory]
  --valkey URL   keep the cart's idempotency records in this
                 Valkey or Redis, as redis://127.0.0.1:6379
  --timeout S    time-out of the functions in seconds,
                 1 to 29; the lease lasts 1 s longer      [15]
  --json         print one line of JSON when ready, and
                 reports on standard error
  --help         this text

Environment:
  PORT                 see --port
  DYNAMODB_ENDPOINT    use this running engine and start none; several servers can share one
  DYNAMODB_LOCAL_DIR   folder of DynamoDBLocal.jar, where there is no embedded engine
  IDEMPOTENCY_TABLE    name of the idempotency table      [idempotency]
  CART_TABLE           name of the cart table             [cart]
  SEATS_TABLE          name of the table of seats         [seats]
`;

export interface CommandLine {
  readonly help: boolean;
  readonly json: boolean;
  readonly port: number;
  readonly dataDirectory: string | undefined;
  readonly valkeyUrl: string | undefined;
  readonly functionTimeoutMs: number;
}

const DEFAULT_PORT = '3000';
/** Longer than the stack's 10 s, so that the longest `x-demo-work-ms` ends in time. */
const DEFAULT_TIMEOUT_SECONDS = '15';

/** @throws LocalRunError with exit code 2, and a message that says what would be right */
export function readCommandLine(args: readonly string[], env: NodeJS.ProcessEnv = process.env): CommandLine {
  const values = parse(args);
  const portSource = values.port === undefined && env['PORT'] ? 'PORT' : '--port';
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    port: wholeNumber(portSource, values.port ?? (env['PORT'] || DEFAULT_PORT), 0, 65_535),
    dataDirectory: values.data === undefined ? undefined : resolve(nonEmpty('--data', values.data)),
    valkeyUrl: values.valkey === undefined ? undefined : serverUrl('--valkey', values.valkey),
    functionTimeoutMs: wholeNumber('--timeout', values.timeout ?? DEFAULT_TIMEOUT_SECONDS, 1, 29) * 1000,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        port: { type: 'string' },
        data: { type: 'string' },
        valkey: { type: 'string' },
        timeout: { type: 'string' },
      },
    }).values;
  } catch (error) {
    // Node's own sentence names the option; what follows it is a hint at positional arguments, which we have none of.
    const [sentence] = error instanceof Error ? error.message.split('. ') : [];
    throw wrong(`${sentence ?? 'The command line cannot be read'}.`);
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(`${name} has to be a whole number from ${least} to ${most}, and is: ${text}.`);
}

function nonEmpty(name: string, text: string): string {
  if (text === '') throw wrong(`${name} has to name a folder.`);
  return text;
}

function serverUrl(name: string, text: string): string {
  if (/^rediss?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw wrong(`${name} has to be a URL such as redis://127.0.0.1:6379, and is: ${text}.`);
}

function wrong(message: string): LocalRunError {
  const oneLine = message.replaceAll(/\s*\n\s*/g, ' ');
  return new LocalRunError(`${oneLine} --help shows the options.`, { exitCode: 2 });
}
