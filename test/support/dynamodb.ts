/** What a suite needs of the run's engine: a client, and tables that no other suite touches. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import {
  ensureCartTable,
  ensureChargesTable,
  ensureIdempotencyTable,
  ensureSeatsTable,
} from '../../lib/local/tables.ts';

/** The endpoint of the engine that this run uses. */
export function testEndpoint(): string {
  const endpoint = process.env['DYNAMODB_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') {
    throw new Error(
      'DYNAMODB_ENDPOINT is not set: run this suite with Jest, whose globalSetup starts an engine.',
    );
  }
  return endpoint;
}

/** A client of the run's engine. `destroy()` it when the suite is over. */
export function testClient(options: { readonly maxAttempts?: number } = {}): DynamoDBClient {
  return createEngineClient(testEndpoint(), options);
}

/** Creates an empty idempotency table (TTL on `expiration`) and returns its unique name. */
export async function createIdempotencyTable(client?: DynamoDBClient): Promise<string> {
  return createUniqueTable('idempotency', ensureIdempotencyTable, client);
}

/** Creates an empty cart table and returns its unique name. */
export async function createCartTable(client?: DynamoDBClient): Promise<string> {
  return createUniqueTable('cart', ensureCartTable, client);
}

/** Creates an empty table of charges and returns its unique name. */
export async function createChargesTable(client?: DynamoDBClient): Promise<string> {
  return createUniqueTable('charges', ensureChargesTable, client);
}

/** Creates an empty table of seats and returns its unique name. */
export async function createSeatsTable(client?: DynamoDBClient): Promise<string> {
  return createUniqueTable('seats', ensureSeatsTable, client);
}

async function createUniqueTable(
  prefix: string,
  ensure: (client: DynamoDBClient, tableName: string) => Promise<void>,
  client: DynamoDBClient | undefined,
): Promise<string> {
  const tableName = `${prefix}-${randomUUID()}`;
  const ownClient = client ?? testClient();
  try {
    await ensure(ownClient, tableName);
  } finally {
    if (client === undefined) ownClient.destroy();
  }
  return tableName;
}
