import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ensureCartTable, ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { createEffectsTable } from './effects-log.ts';

/** Names of the tables that one run has to itself; that of the records is their prefix in Valkey. */
export interface Tables {
  readonly idempotency: string;
  readonly cart: string;
  readonly effects: string;
}

/** The cart table in each of `databases`, all others where the records are. */
export async function createTables(
  client: DynamoDBClient,
  databases: readonly DynamoDBClient[],
): Promise<Tables> {
  const run = randomUUID();
  const tables = { idempotency: `idempotency-${run}`, cart: `cart-${run}`, effects: `effects-${run}` };
  await ensureIdempotencyTable(client, tables.idempotency);
  for (const database of databases) await ensureCartTable(database, tables.cart);
  await createEffectsTable(client, tables.effects);
  return tables;
}
