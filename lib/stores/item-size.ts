import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** The most that an item can count for ("Service, account, and table quotas", Developer Guide). */
export const ITEM_MAX_BYTES = 400 * 1024;

/**
 * The least that an item can count for, in bytes ("DynamoDB item sizes and formats", Developer Guide): names and strings
 * in UTF-8, bytes as they are. A number takes up to 21 bytes, depending on its digits, and counts as one here: what is
 * too large by this measure is too large by DynamoDB's own, and nothing else may be refused by it.
 */
export function leastItemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  return itemBytes(item, 1);
}

/** The most that it can count for: what is small enough by this measure is small enough by DynamoDB's. */
export function mostItemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  return itemBytes(item, NUMBER_MAX_BYTES);
}

const NUMBER_MAX_BYTES = 21;

function itemBytes(item: Readonly<Record<string, AttributeValue>>, numberBytes: number): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value, numberBytes),
    0,
  );
}

/** A list or map costs three bytes, and one more for each entry. */
const CONTAINER_BYTES = 3;
const ENTRY_BYTES = 1;

function valueBytes(value: AttributeValue, numberBytes: number): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.SS !== undefined) return sum(value.SS.map((text) => Buffer.byteLength(text)));
  if (value.BS !== undefined) return sum(value.BS.map((bytes) => bytes.byteLength));
  if (value.N !== undefined) return numberBytes;
  if (value.NS !== undefined) return value.NS.length * numberBytes;
  if (value.L !== undefined) {
    return CONTAINER_BYTES + sum(value.L.map((entry) => ENTRY_BYTES + valueBytes(entry, numberBytes)));
  }
  if (value.M !== undefined) {
    return CONTAINER_BYTES + ENTRY_BYTES * Object.keys(value.M).length + itemBytes(value.M, numberBytes);
  }
  return 1; // BOOL, NULL
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
