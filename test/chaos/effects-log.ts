/**
 * An effect that nothing protects: each execution of the handler appends an item of its own. What it holds is how
 * often the handler really ran, and when.
 */
import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { scanAll } from './scan.ts';

export interface Execution {
  readonly executionId: string;
  readonly key: string;
  /** Number of the request that it served. */
  readonly request: number;
  readonly worker: string;
  /** As the library counts; undefined where it does not. */
  readonly attempt?: number;
  readonly sku: string;
  readonly arrivedAtMs: number;
  readonly beganAtMs: number;
  readonly leaseEndsAtMs: number;
}

const ACTIVE_WITHIN_SECONDS = 30;

export class EffectsLog {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#documents = DynamoDBDocumentClient.from(client, {
      marshallOptions: { removeUndefinedValues: true },
    });
    this.#tableName = tableName;
  }

  /** The SDK may send it again; the execution's id makes one item of the two. */
  async append(execution: Execution): Promise<void> {
    await this.#documents.send(new PutCommand({ TableName: this.#tableName, Item: execution }));
  }

  async read(): Promise<Execution[]> {
    // Written by `append` alone.
    return (await scanAll(this.#documents, this.#tableName)) as unknown as Execution[];
  }
}

export async function createEffectsTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'executionId', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'executionId', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists(
    { client, maxWaitTime: ACTIVE_WITHIN_SECONDS, minDelay: 1, maxDelay: 1 },
    { TableName: tableName },
  );
}
