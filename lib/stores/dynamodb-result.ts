/**
 * How a result lies in DynamoDB.
 *
 * | result | `data` | beside it |
 * |---|---|---|
 * | JSON | S, the JSON | |
 * | JSON, compressed | B | `data_encoding`, `data_bytes` (of the JSON) |
 * | JSON, compressed, in chunks | S, what is left should one get lost | also `data_chunks` (how many), `data_digest` |
 * | omitted | S, what is left of it | `data_omitted`, the reason |
 * | `undefined` | | |
 *
 * JSON rather than a DynamoDB map: marshalling an answer costs milliseconds of CPU at 64 KB, and fails on values that
 * JSON has no trouble with.
 */
import { ResultTooLargeError, StoreError } from '../idempotency/errors.ts';
import { compress, decompress, ENCODING } from './compressed-json.ts';
import {
  ATTRIBUTES,
  headOf,
  type Item,
  number,
  type RecordHead,
  text,
  unreadable,
} from './dynamodb-record.ts';
import type {
  Completion,
  IdempotencyRecord,
  OmissionReason,
  Ownership,
  RecordedResult,
} from './idempotency-store.ts';
import { CHUNKS_MAX, chunkId, chunkItems, digestOf, joinChunks } from './result-chunks.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';

/** DynamoDB bills writes by the kilobyte begun: "DynamoDB read and write operations", DynamoDB Developer Guide. */
const WRITE_UNIT_BYTES = 1024;

/** About what the other attributes of a record take. */
const HEAD_BYTES = 256;

/** What `data_encoding` and `data_bytes` add. */
const ENCODING_BYTES = 32;

/**
 * The most that lies in the record itself. DynamoDB would take 400 KB, but bills every write of an item by its whole
 * size, and a refused one too: each duplicate would cost what the completion did, and a partition has no more than
 * 1000 units a second for them all. A chunk is read instead, at a unit of a fifth of the price for 4 KB. It takes a
 * request and a unit more to write, which at this size is made up for by one duplicate in 60 first runs.
 */
const IN_RECORD_MAX_BYTES = 64 * 1024;

/** What a completion consists of. The chunks have to be there before the attributes say that they are. */
export interface StoredResult {
  readonly result: RecordedResult;
  readonly attributes: Item;
  readonly chunks: readonly Item[];
}

/** @throws ResultTooLargeError for JSON of more than `RESULT_MAX_BYTES` */
export async function storedResult(ownership: Ownership, completion: Completion): Promise<StoredResult> {
  const { result } = completion;
  switch (result.kind) {
    case 'json':
      return { result, ...(await storedJson(ownership, completion, result.json)) };
    case 'undefined':
      return { result, attributes: {}, chunks: [] };
    case 'omitted': {
      const attributes = {
        [ATTRIBUTES.dataOmitted]: { S: result.reason },
        ...optionalText(ATTRIBUTES.data, result.remainderJson),
      };
      return { result, attributes, chunks: [] };
    }
  }
}

async function storedJson(
  ownership: Ownership,
  { expiresAtSeconds, remainderJson }: Completion,
  json: string,
): Promise<Omit<StoredResult, 'result'>> {
  const plain = { attributes: { [ATTRIBUTES.data]: { S: json } }, chunks: [] };
  const jsonBytes = Buffer.byteLength(json);
  if (jsonBytes > RESULT_MAX_BYTES) throw new ResultTooLargeError();
  // Stryker disable next-line ConditionalExpression: compressing what costs one unit saves nothing, and takes time
  if (writeUnits(jsonBytes) === 1) return plain;
  const bytes = await compress(Buffer.from(json));
  // A string is legible in the console, and is given up for something.
  const savesNothing = writeUnits(ENCODING_BYTES + bytes.length) >= writeUnits(jsonBytes);
  // Stryker disable next-line ConditionalExpression,EqualityOperator: no JSON of this size is known that saves nothing
  if (savesNothing && jsonBytes <= IN_RECORD_MAX_BYTES) return plain;

  // Stryker disable next-line EqualityOperator: at exactly this size it may lie here or in a chunk
  if (bytes.length <= IN_RECORD_MAX_BYTES) {
    const attributes = {
      [ATTRIBUTES.dataEncoding]: { S: ENCODING },
      [ATTRIBUTES.dataBytes]: { N: String(jsonBytes) },
      [ATTRIBUTES.data]: { B: bytes },
    };
    return { attributes, chunks: [] };
  }
  const chunked = chunkedJson(ownership, { bytes, jsonBytes, expiresAtSeconds });
  const attributes = { ...chunked.attributes, ...optionalText(ATTRIBUTES.data, remainderJson?.()) };
  return { attributes, chunks: chunked.chunks };
}

/** Everything but `data`: what is left should a chunk get lost. */
export function chunkedJson(
  ownership: Ownership,
  {
    bytes,
    jsonBytes,
    expiresAtSeconds,
  }: { readonly bytes: Buffer; readonly jsonBytes: number; readonly expiresAtSeconds: number },
): Pick<StoredResult, 'attributes' | 'chunks'> {
  const chunks = chunkItems(ownership, bytes, expiresAtSeconds);
  const attributes = {
    [ATTRIBUTES.dataEncoding]: { S: ENCODING },
    [ATTRIBUTES.dataBytes]: { N: String(jsonBytes) },
    [ATTRIBUTES.dataChunks]: { N: String(chunks.length) },
    [ATTRIBUTES.dataDigest]: { S: digestOf(bytes) },
  };
  return { attributes, chunks };
}

/** The item of a chunk, read consistently; `undefined` where there is none. */
export type ChunkReader = (id: string) => Promise<Item | undefined>;

/** How the parts of a record lie in its item, where there is more than one way. */
export interface RecordFormat {
  headOf(item: Item): RecordHead;
  storedResult(ownership: Ownership, completion: Completion): Promise<StoredResult>;
  resultOf(item: Item, owner: Ownership, readChunk: ChunkReader): Promise<RecordedResult>;
}

/** The format that this page begins with. */
export const OWN_FORMAT: RecordFormat = Object.freeze({ headOf, storedResult, resultOf });

/**
 * The record that an item holds, with its result. `own` is what the caller has just tried to write: a completion whose
 * reply was lost is refused by itself, and need not fetch what it knows.
 * @throws StoreError if the item is not a record that this version can read, or if a chunk cannot be read at the
 * moment; the item is left as it is.
 */
export async function recordOf(
  item: Item,
  readChunk: ChunkReader,
  own?: StoredResult,
  format: RecordFormat = OWN_FORMAT,
): Promise<IdempotencyRecord> {
  const head = format.headOf(item);
  if (head.status === 'INPROGRESS') return head;
  const digest = item[ATTRIBUTES.dataDigest]?.S;
  if (digest !== undefined && digest === own?.attributes[ATTRIBUTES.dataDigest]?.S) {
    return { result: own.result, ...head };
  }
  try {
    return { result: await format.resultOf(item, head, readChunk), ...head };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Whatever its result, the operation took effect: its handler must not run, not even without a lock.
    throw new StoreError(error.message, { cause: error, keyConsumed: true });
  }
}

async function resultOf(item: Item, owner: Ownership, readChunk: ChunkReader): Promise<RecordedResult> {
  if (item[ATTRIBUTES.dataOmitted] !== undefined) return omittedResult(item);
  if (item[ATTRIBUTES.dataEncoding] !== undefined) return compressedResult(item, owner, readChunk);
  if (item[ATTRIBUTES.data] === undefined) return { kind: 'undefined' };
  return { kind: 'json', json: text(item, ATTRIBUTES.data) };
}

function omittedResult(item: Item): RecordedResult {
  return { kind: 'omitted', reason: omissionReason(item), ...remainder(item) };
}

export function omissionReason(item: Item): OmissionReason {
  const reason = text(item, ATTRIBUTES.dataOmitted);
  if (reason !== 'too-large' && reason !== 'not-serializable') throw unreadable(ATTRIBUTES.dataOmitted);
  return reason;
}

/** `lostRemainder`: what is left where a part of the bytes is not. */
export async function compressedResult(
  item: Item,
  owner: Ownership,
  readChunk: ChunkReader,
  lostRemainder = remainder,
): Promise<RecordedResult> {
  if (text(item, ATTRIBUTES.dataEncoding) !== ENCODING) {
    throw new StoreError(
      `The result of this record is encoded in a way that this version of the library does not know (attribute "${ATTRIBUTES.dataEncoding}"). A newer version wrote it: deploy that version everywhere.`,
    );
  }
  const jsonBytes = count(item, ATTRIBUTES.dataBytes, RESULT_MAX_BYTES);
  const bytes =
    item[ATTRIBUTES.dataChunks] === undefined
      ? binary(item, ATTRIBUTES.data)
      : await chunkedBytes(item, owner, readChunk);
  const json = bytes && (await decompress(bytes, jsonBytes));
  return json === undefined
    ? { kind: 'omitted', reason: 'lost', ...lostRemainder(item) }
    : { kind: 'json', json };
}

async function chunkedBytes(
  item: Item,
  owner: Ownership,
  readChunk: ChunkReader,
): Promise<Buffer | undefined> {
  const chunks = count(item, ATTRIBUTES.dataChunks, CHUNKS_MAX);
  const digest = text(item, ATTRIBUTES.dataDigest);
  const ids = Array.from({ length: chunks }, (_, index) => chunkId(owner, index));
  return joinChunks(await Promise.all(ids.map(readChunk)), digest);
}

function writeUnits(dataBytes: number): number {
  return Math.ceil((HEAD_BYTES + dataBytes) / WRITE_UNIT_BYTES);
}

function optionalText(name: string, value: string | undefined): Item {
  return value === undefined ? {} : { [name]: { S: value } };
}

function remainder(item: Item): { readonly remainderJson?: string } {
  const remainderJson = item[ATTRIBUTES.data]?.S;
  return remainderJson === undefined ? {} : { remainderJson };
}

function count(item: Item, name: string, max: number): number {
  const value = number(item, name);
  if (!Number.isInteger(value) || value < 1 || value > max) throw unreadable(name);
  return value;
}

function binary(item: Item, name: string): Uint8Array {
  const value = item[name]?.B;
  if (value === undefined) throw unreadable(name);
  return value;
}
