/** What each outcome of a request costs in the table: by the library's own items, as it would write them. */
import { ATTRIBUTES, itemOf } from '../../stores/dynamodb-record.ts';
import { storedResult } from '../../stores/dynamodb-result.ts';
import type { InProgressRecord } from '../../stores/idempotency-store.ts';
import { itemBytes, readUnits, writeUnits } from './item-units.ts';
import type { Strategy } from './strategy.ts';

export interface Consumption {
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export interface Outcomes {
  readonly firstRun: Consumption;
  readonly duplicate: Consumption;
  readonly inProgress: Consumption;
  readonly failure: Consumption;
  /** What lies in the table for one key, chunks included. */
  readonly storedBytes: number;
  readonly chunks: number;
}

/** Lengths as they are in use: names of functions, hashes, tokens. */
const SAMPLE_RECORD: InProgressRecord = {
  id: `add-to-cart#${'h'.repeat(43)}`,
  status: 'INPROGRESS',
  expiresAtSeconds: 1_800_000_000,
  leaseEndsAtMs: 1_800_000_000_000,
  owner: 'o'.repeat(36),
  attempt: 1,
  fingerprint: 'f'.repeat(43),
};

/** A write in a transaction counts twice ("DynamoDB transactions", DynamoDB Developer Guide). */
const TRANSACTION_FACTOR = 2;

/** @param json - of the answer, as the Lambda runtime sends it */
export async function outcomesOf(json: string, strategy: Strategy): Promise<Outcomes> {
  const result = { kind: 'json', json } as const;
  const { expiresAtSeconds } = SAMPLE_RECORD;
  const stored = await storedResult(SAMPLE_RECORD, { result, expiresAtSeconds });
  const lock = itemOf(SAMPLE_RECORD);
  const record = { ...lock, ...stored.attributes, [ATTRIBUTES.status]: { S: 'COMPLETED' } };
  const chunkBytes = stored.chunks.map(itemBytes);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

  const lockUnits = writeUnits(itemBytes(lock));
  const recordUnits = writeUnits(itemBytes(record));
  const completionUnits = recordUnits * (strategy === 'commit' ? TRANSACTION_FACTOR : 1);
  const chunkCount = chunkBytes.length;
  return {
    firstRun: {
      requests: 2 + chunkCount,
      writeUnits: lockUnits + completionUnits + sum(chunkBytes.map(writeUnits)),
      readUnits: 0,
    },
    // The refused put is billed by the size of the record that it was refused for.
    duplicate: {
      requests: 1 + chunkCount,
      writeUnits: recordUnits,
      readUnits: sum(chunkBytes.map(readUnits)),
    },
    inProgress: { requests: 1, writeUnits: lockUnits, readUnits: 0 },
    failure: { requests: 2, writeUnits: 2 * lockUnits, readUnits: 0 },
    storedBytes: itemBytes(record) + sum(chunkBytes),
    chunks: chunkCount,
  };
}
