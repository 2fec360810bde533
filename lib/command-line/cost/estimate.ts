/** From outcomes and a rate of requests to units a second, and to money. */
import type { Consumption, Outcomes } from './outcomes.ts';
import type { Prices } from './prices.ts';

export interface Load {
  readonly requestsPerSecond: number;
  /** Shares of all requests, from 0 to 1. */
  readonly duplicates: number;
  readonly failures: number;
  readonly retentionSeconds: number;
}

export interface Estimate {
  readonly requestsPerSecond: number;
  readonly writeUnitsPerSecond: number;
  readonly readUnitsPerSecond: number;
  /** The least over which the writes have to be spread; hashed ids spread them. */
  readonly partitions: number;
  /** Of 730 hours. */
  readonly unitsUsdPerMonth: number;
  readonly storedGigabytes: number;
  /** While TTL is two days behind, which is its usual bound. */
  readonly storedGigabytesWithTtlLag: number;
  /** Of the larger of the two. */
  readonly storageUsdPerMonth: number;
}

const MONTH_SECONDS = 730 * 3_600;
/** "DynamoDB typically deletes expired items within two days of expiration" (API reference, UpdateTimeToLive). */
const TTL_LAG_SECONDS = 2 * 86_400;
/** What is billed for each item on top ("Storage", on the price page). */
const ITEM_OVERHEAD_BYTES = 100;
/** "Best practices for designing and using partition keys effectively", DynamoDB Developer Guide. */
const PARTITION_WRITE_UNITS = 1_000;
const PARTITION_READ_UNITS = 3_000;
const GIGABYTE = 1024 ** 3;

export function estimateOf(outcomes: Outcomes, load: Load, prices: Prices): Estimate {
  const { requestsPerSecond, duplicates, failures, retentionSeconds } = load;
  const firstRuns = 1 - duplicates - failures;
  const perSecond = (unit: keyof Consumption) =>
    requestsPerSecond *
    (firstRuns * outcomes.firstRun[unit] +
      duplicates * outcomes.duplicate[unit] +
      failures * outcomes.failure[unit]);
  const writeUnitsPerSecond = perSecond('writeUnits');
  const readUnitsPerSecond = perSecond('readUnits');
  const keyBytes = outcomes.storedBytes + ITEM_OVERHEAD_BYTES * (1 + outcomes.chunks);
  const bytesPerSecond = requestsPerSecond * firstRuns * keyBytes;
  const storedGigabytesWithTtlLag = (bytesPerSecond * (retentionSeconds + TTL_LAG_SECONDS)) / GIGABYTE;
  return {
    requestsPerSecond: perSecond('requests'),
    writeUnitsPerSecond,
    readUnitsPerSecond,
    partitions: Math.ceil(
      writeUnitsPerSecond / PARTITION_WRITE_UNITS + readUnitsPerSecond / PARTITION_READ_UNITS,
    ),
    unitsUsdPerMonth:
      MONTH_SECONDS * usdOf({ writeUnits: writeUnitsPerSecond, readUnits: readUnitsPerSecond }, prices),
    storedGigabytes: (bytesPerSecond * retentionSeconds) / GIGABYTE,
    storedGigabytesWithTtlLag,
    storageUsdPerMonth: storedGigabytesWithTtlLag * prices.perGigabyteMonth,
  };
}

export function usdOf(
  { writeUnits, readUnits }: Pick<Consumption, 'writeUnits' | 'readUnits'>,
  prices: Prices,
): number {
  return (writeUnits * prices.perMillionWriteUnits + readUnits * prices.perMillionReadUnits) / 1_000_000;
}
