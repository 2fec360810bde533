/** A look at every item of the table, at a bounded rate. */
import { setTimeout as pause } from 'node:timers/promises';
import { ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../stores/dynamodb-record.ts';
import type { Table } from './connection.ts';
import { tableError } from './table-error.ts';

export interface ScanOptions {
  /** What the scan asks for beside the table; no more than a filter and a projection. */
  readonly input?: Omit<ScanCommandInput, 'TableName' | 'ExclusiveStartKey'>;
  /** Read units a second that it may use, on average. */
  readonly readUnitsPerSecond: number;
}

export interface ScanPage {
  readonly items: readonly Item[];
  /** Looked at for this page, those included that a filter kept back. */
  readonly scanned: number;
}

/** @throws CommandError */
export async function* scanPages(
  table: Table,
  { input = {}, readUnitsPerSecond }: ScanOptions,
): AsyncGenerator<ScanPage> {
  const pace = createPace(readUnitsPerSecond);
  let next: Item | undefined;
  do {
    const output = await scanPage(table, { ...input, ExclusiveStartKey: next });
    yield { items: output.Items ?? [], scanned: output.ScannedCount ?? 0 };
    next = output.LastEvaluatedKey;
    if (next !== undefined) await pace(output.ConsumedCapacity?.CapacityUnits ?? 0);
  } while (next !== undefined);
}

async function scanPage(table: Table, input: Omit<ScanCommandInput, 'TableName'>) {
  try {
    return await table.client.send(
      new ScanCommand({ ...input, TableName: table.tableName, ReturnConsumedCapacity: 'TOTAL' }),
    );
  } catch (error) {
    throw tableError(error, table);
  }
}

/** Waits after each use of units for as long as keeps their sum below the rate. */
export function createPace(unitsPerSecond: number): (units: number) => Promise<void> {
  const startedAt = performance.now();
  let used = 0;
  return async (units) => {
    used += units;
    const dueMs = (used / unitsPerSecond) * 1000 - (performance.now() - startedAt);
    if (dueMs > 0) await pause(dueMs);
  };
}
