import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startEngine } from '../lib/local/engine.ts';
import { createEngineClient } from '../lib/local/engine-client.ts';
import type { Engine } from '../lib/local/running-engine.ts';
import { ensureIdempotencyTable } from '../lib/local/tables.ts';

export interface Lab {
  readonly engine: Pick<Engine, 'name' | 'endpoint'>;
  readonly client: DynamoDBClient;
  /** The name of an empty idempotency table that nobody else uses. */
  newTable(): Promise<string>;
}

/** An engine for as long as `work` takes. */
export async function withEngine<T>(work: (lab: Lab) => Promise<T>, start = () => startEngine()): Promise<T> {
  const engine = await start();
  const client = createEngineClient(engine.endpoint);
  try {
    return await work({ engine, client, newTable: () => newTable(client) });
  } finally {
    client.destroy();
    await engine.stop();
  }
}

async function newTable(client: DynamoDBClient): Promise<string> {
  const tableName = `bench-${randomUUID()}`;
  await ensureIdempotencyTable(client, tableName);
  return tableName;
}
