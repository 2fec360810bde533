/** The table that a command looks at, and how it is reached. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { usageError } from '../command-error.ts';
import type { Terminal } from '../terminal.ts';
import type { TableOptions } from './table-options.ts';

export interface Table {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

/** An operator waits longer than a function may, and a scan's page is a megabyte. */
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true };

/** DynamoDB Local keeps a database for each access key and region: these are the ones that `npm start` and our tests use. */
const LOCAL = { region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

/** Hands the table to `use`, and closes the connections afterwards. */
export async function withTable<T>(
  options: TableOptions,
  { env }: Terminal,
  use: (table: Table) => Promise<T>,
): Promise<T> {
  const tableName = options.table ?? env['IDEMPOTENCY_TABLE'];
  if (!tableName) {
    throw usageError('Which table? --table names it, or the environment variable IDEMPOTENCY_TABLE.');
  }
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: TIMEOUTS,
    ...endpointOf(options, env),
  });
  try {
    return await use({ client, tableName });
  } finally {
    client.destroy();
  }
}

function endpointOf({ endpoint, region }: TableOptions, env: NodeJS.ProcessEnv): DynamoDBClientConfig {
  const own = region === undefined ? {} : { region };
  if (endpoint === undefined) return own;
  // Real credentials have no business with a local engine, and the SDK insists on having some.
  const isLocal = isLoopback(endpoint) && !env['AWS_ACCESS_KEY_ID'];
  return { endpoint, ...(isLocal ? LOCAL : {}), ...own };
}

export function isLoopback(endpoint: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(endpoint).hostname);
}
