import type { Item } from '../../stores/dynamodb-record.ts';
import { leastItemBytes } from '../../stores/item-size.ts';

/** "DynamoDB read and write operations", DynamoDB Developer Guide: writes by the kilobyte begun, reads by four of them. */
const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

/**
 * What an item counts for. A number takes a byte, and one for two digits ("DynamoDB item sizes and formats", same guide);
 * `leastItemBytes` has counted the first.
 */
export function itemBytes(item: Item): number {
  const digits = Object.values(item).map(({ N: number }) => number?.replace(/\D/g, '').length ?? 0);
  return leastItemBytes(item) + digits.reduce((sum, count) => sum + Math.ceil(count / 2), 0);
}

export function writeUnits(bytes: number): number {
  return Math.ceil(bytes / WRITE_UNIT_BYTES);
}

/** Of a consistent read, as the library makes them all. */
export function readUnits(bytes: number): number {
  return Math.ceil(bytes / READ_UNIT_BYTES);
}
