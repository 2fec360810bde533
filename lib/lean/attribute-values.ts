/**
 * Attributes as DynamoDB's JSON spells them: bytes (`B`, `BS`, at any depth of `M` and `L`) are base64 there and byte arrays
 * in the port. All else is the same in both. Only values are looked at, never names: an attribute may be called `B`.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { CommitInvalidError } from '../idempotency/errors.ts';
import type { Item } from '../stores/dynamodb-record.ts';

/** An attribute value of which nothing is known but what its members' names say. */
type Value = Readonly<Record<string, unknown>>;
type BytesMap = (bytes: unknown) => unknown;

/** @throws CommitInvalidError for bytes in a form that cannot be sent */
export function encodedItem(item: Item): unknown {
  return mapItem(item, toBase64);
}

/** @throws TypeError if it is no item; the message shows nothing of it */
export function decodedItem(item: unknown): Item {
  if (!isObject(item)) throw new TypeError('not an item');
  return mapItem(item, fromBase64) as Record<string, AttributeValue>; // Values are checked where they are read.
}

/** `Object.fromEntries` and not assignments: an attribute may be called `__proto__`. */
function mapItem(item: object, mapBytes: BytesMap): object {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, mapValue(value, mapBytes)]));
}

function mapValue(value: unknown, mapBytes: BytesMap): unknown {
  if (!isObject(value)) throw new TypeError('not an attribute value');
  const { B: bytes, BS: set, L: list, M: map } = value as Value;
  if (bytes !== undefined) return { B: mapBytes(bytes) };
  if (set !== undefined) return { BS: listOf(set).map(mapBytes) };
  if (list !== undefined) return { L: listOf(list).map((entry) => mapValue(entry, mapBytes)) };
  if (map !== undefined) {
    if (!isObject(map)) throw new TypeError('not a map');
    return { M: mapItem(map, mapBytes) };
  }
  return value;
}

/** The document client takes more kinds of bytes than these, but makes nothing of them that could be sent at once. */
function toBase64(bytes: unknown): string {
  if (ArrayBuffer.isView(bytes)) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  }
  if (bytes instanceof ArrayBuffer) return Buffer.from(bytes).toString('base64');
  throw new CommitInvalidError(
    'Bytes in a write must be a Uint8Array, a Buffer or an ArrayBuffer: a Blob has to be read first.',
  );
}

function fromBase64(text: unknown): Uint8Array {
  if (typeof text !== 'string') throw new TypeError('not base64');
  // A copy of its own: small buffers share one block of memory with others.
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
