/**
 * A result that lies beside its record, in items of its own. They are written before the completion, which is one
 * conditional write and names their number and digest: so a reader has all of it, or knows that it has not.
 *
 * - Their ids contain the owner, a random token: only this attempt writes them, and a record leads to those of the
 *   attempt that completed it, never to another's.
 * - An attempt that dies between them, or that has lost its lease when it comes to complete, leaves them behind. No
 *   record names them, and TTL deletes them by the same `expiration` as a record's.
 * - TTL deletes in any order. A missing chunk, or bytes with another digest, are a result that is lost: the key stays
 *   consumed.
 */
import { createHash } from 'node:crypto';
import { ATTRIBUTES, CHUNK_STATUS, type Item } from './dynamodb-record.ts';
import type { Ownership } from './idempotency-store.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';

/** Bytes of one chunk. DynamoDB refuses items over 400 KB; 10 KB are left to the id, of up to 900 bytes, and the rest. */
export const CHUNK_MAX_BYTES = 390 * 1024;

/** More than that is no record of this version, which bounds what one of them can make a reader fetch. */
export const CHUNKS_MAX = Math.ceil(RESULT_MAX_BYTES / CHUNK_MAX_BYTES);

/** The id of a record ends with a hash of 43 characters, and this one with a number: they never meet. */
export function chunkId({ id, owner }: Ownership, index: number): string {
  return `${id}#chunk#${owner}#${index}`;
}

/** Items of about equal size, so that none of the requests that go out together takes much longer than the others. */
export function chunkItems(ownership: Ownership, bytes: Buffer, expiresAtSeconds: number): Item[] {
  const count = Math.ceil(bytes.length / CHUNK_MAX_BYTES);
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, index) => ({
    [ATTRIBUTES.id]: { S: chunkId(ownership, index) },
    [ATTRIBUTES.status]: { S: CHUNK_STATUS },
    [ATTRIBUTES.expiration]: { N: String(expiresAtSeconds) },
    [ATTRIBUTES.data]: { B: bytes.subarray(index * size, (index + 1) * size) },
  }));
}

/** The bytes that were cut into `chunks`, or `undefined` if one is missing or they are not what they were. */
export function joinChunks(chunks: readonly (Item | undefined)[], digest: string): Buffer | undefined {
  const parts = chunks.map((chunk) => chunk?.[ATTRIBUTES.data]?.B);
  if (!parts.every((part) => part !== undefined)) return undefined;
  const bytes = Buffer.concat(parts);
  return digestOf(bytes) === digest ? bytes : undefined;
}

/** Base64url SHA-256. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
