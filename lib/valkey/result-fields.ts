/**
 * How a result lies in the hash of its record.
 *
 * | result | `data` | beside it |
 * |---|---|---|
 * | JSON | the JSON | |
 * | JSON, compressed | bytes | `data_encoding`, `data_bytes` (of the JSON) |
 * | omitted | what is left of it | `data_omitted`, the reason |
 * | `undefined` | | |
 *
 * A value may have 512 MB here, so that nothing lies beside its record, as in DynamoDB the long ones do.
 */
import { ResultTooLargeError, StoreError } from '../idempotency/errors.ts';
import { compress, decompress, ENCODING } from '../stores/compressed-json.ts';
import type { IdempotencyRecord, RecordedResult } from '../stores/idempotency-store.ts';
import { RESULT_MAX_BYTES } from '../stores/result-size.ts';
import { FIELDS, headOf, number, type RecordHash, text, unreadable } from './record-hash.ts';

/**
 * Shorter ones stay legible. Memory and the network are what there is to be saved, neither of which is counted in units
 * as DynamoDB's are; from here on the two fields that say how it is encoded are soon made up for.
 */
const COMPRESS_FROM_BYTES = 1024;

/** Fields and values in turn, as `HSET` takes them. @throws ResultTooLargeError for JSON over `RESULT_MAX_BYTES` */
export async function resultArgumentsOf(result: RecordedResult): Promise<(string | Buffer)[]> {
  switch (result.kind) {
    case 'json':
      return jsonArguments(result.json);
    case 'undefined':
      return [];
    case 'omitted': {
      const remainder = result.remainderJson === undefined ? [] : [FIELDS.data, result.remainderJson];
      return [FIELDS.dataOmitted, result.reason, ...remainder];
    }
  }
}

async function jsonArguments(json: string): Promise<(string | Buffer)[]> {
  const jsonBytes = Buffer.byteLength(json);
  if (jsonBytes > RESULT_MAX_BYTES) throw new ResultTooLargeError();
  if (jsonBytes < COMPRESS_FROM_BYTES) return [FIELDS.data, json];
  const bytes = await compress(Buffer.from(json));
  if (bytes.length >= jsonBytes) return [FIELDS.data, json];
  return [FIELDS.data, bytes, FIELDS.dataEncoding, ENCODING, FIELDS.dataBytes, String(jsonBytes)];
}

/**
 * The record that a hash holds, with its result.
 * @throws StoreError if it is not a record that this version can read; it is left as it is
 */
export async function recordOf(id: string, hash: RecordHash): Promise<IdempotencyRecord> {
  const head = headOf(id, hash);
  if (head.status === 'INPROGRESS') return head;
  try {
    return { ...head, result: await resultOf(hash) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Whatever its result, the operation took effect: its handler must not run, not even without a lock.
    throw new StoreError(error.message, { cause: error, keyConsumed: true });
  }
}

async function resultOf(hash: RecordHash): Promise<RecordedResult> {
  if (hash.has(FIELDS.dataOmitted)) return omittedResult(hash);
  const data = hash.get(FIELDS.data);
  if (data === undefined) return { kind: 'undefined' };
  if (!hash.has(FIELDS.dataEncoding)) return { kind: 'json', json: data.toString('utf8') };
  if (text(hash, FIELDS.dataEncoding) !== ENCODING) {
    throw new StoreError(
      `The result of this record is encoded in a way that this version of the library does not know (field "${FIELDS.dataEncoding}"). A newer version wrote it: deploy that version everywhere.`,
    );
  }
  const jsonBytes = number(hash, FIELDS.dataBytes);
  if (!Number.isInteger(jsonBytes) || jsonBytes < 1 || jsonBytes > RESULT_MAX_BYTES) {
    throw unreadable(FIELDS.dataBytes);
  }
  const json = await decompress(data, jsonBytes);
  return json === undefined ? { kind: 'omitted', reason: 'lost' } : { kind: 'json', json };
}

function omittedResult(hash: RecordHash): RecordedResult {
  const reason = text(hash, FIELDS.dataOmitted);
  if (reason !== 'too-large' && reason !== 'not-serializable') throw unreadable(FIELDS.dataOmitted);
  const remainder = hash.has(FIELDS.data) ? { remainderJson: text(hash, FIELDS.data) } : {};
  return { kind: 'omitted', reason, ...remainder };
}
