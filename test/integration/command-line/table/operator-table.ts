/** A table with records in every state, made by the library itself, and the command line pointed at it. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from '@jest/globals';
import { DynamoDbStore, type InProgressRecord } from '../../../../lib/index.ts';
import { createIdempotencyTable, testClient, testEndpoint } from '../../../support/dynamodb.ts';
import { type CommandOutcome, runCommand, type TestTerminalOptions } from '../../../support/test-terminal.ts';

export const HOUR_MS = 3_600_000;

export interface OperatorTable {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly store: DynamoDbStore;
  run(args: readonly string[], options?: TestTerminalOptions): Promise<CommandOutcome>;
  /** An INPROGRESS record of a new id, as an attempt leaves it. */
  lock(changes?: Partial<InProgressRecord>): Promise<InProgressRecord>;
}

/** One for all tests of a file. Call at the top of the file, and the result inside tests only. */
export function useOperatorTable(): () => OperatorTable {
  let table: OperatorTable | undefined;
  let client: DynamoDBClient | undefined;
  beforeAll(async () => {
    client = testClient();
    table = operatorTable(client, await createIdempotencyTable(client));
  });
  afterAll(() => client?.destroy());
  return () => {
    if (table === undefined) throw new Error('The table is there only while tests run.');
    return table;
  };
}

export function operatorTable(client: DynamoDBClient, tableName: string): OperatorTable {
  const store = new DynamoDbStore({ tableName, client });
  return {
    client,
    tableName,
    store,
    run: ([command = '', ...args], options) =>
      runCommand([command, '--table', tableName, '--endpoint', testEndpoint(), ...args], options),
    lock: async (changes = {}) => {
      const record = lockRecord(changes);
      const outcome = await store.acquire(record, 0);
      if (!outcome.applied) throw new Error('The id is taken.');
      return record;
    },
  };
}

function lockRecord(changes: Partial<InProgressRecord>): InProgressRecord {
  const nowMs = Date.now();
  return {
    id: `orders#${randomUUID()}`,
    status: 'INPROGRESS',
    expiresAtSeconds: Math.floor((nowMs + 24 * HOUR_MS) / 1000),
    leaseEndsAtMs: nowMs + 60_000,
    owner: randomUUID(),
    attempt: 1,
    fingerprint: 'f1',
    ...changes,
  };
}

export const LAPSED = { leaseEndsAtMs: Date.now() - HOUR_MS } as const;
export const EXPIRED = {
  leaseEndsAtMs: Date.now() - 3 * HOUR_MS,
  expiresAtSeconds: Math.floor(Date.now() / 1000) - 2 * 3600,
} as const;
