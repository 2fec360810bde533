/**
 * Records as Powertools for AWS Lambda (TypeScript, 2.35.0) writes and replays them, for a table that both use. What the
 * protocol needs beyond that lies in attributes that Powertools does not look at.
 *
 * | result | `data` | beside it |
 * |---|---|---|
 * | JSON that has a native form and fits | native | |
 * | other JSON of up to 1 KB | native, what is left of it, or NULL | `data_json`: S |
 * | other JSON | native, what is left of it, or NULL | in chunks: `data_encoding`, `data_bytes`, `data_chunks`, `data_digest` |
 * | omitted | native, what is left of it, or NULL | `data_omitted`, the reason |
 * | `undefined` | NULL | `data_encoding`: `undefined` |
 *
 * `data` is never absent: the Middy middleware of Powertools cannot replay `undefined`, and would run the handler again.
 *
 * Powertools names no owner, and its completion leaves the owner of others in place. So a completion of ours says whose
 * it is (`settled_by`): without it, a COMPLETED record that carries our own token was completed by Powertools over our
 * lock, and must not be taken for the lost reply of our own write.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { ResultTooLargeError } from '../idempotency/errors.ts';
import { compress } from './compressed-json.ts';
import {
  ATTRIBUTES,
  type Item,
  NO_OWNER,
  number,
  type RecordHead,
  statusOf,
  text,
  withSteps,
} from './dynamodb-record.ts';
import {
  type ChunkReader,
  chunkedJson,
  compressedResult,
  omissionReason,
  type RecordFormat,
  type StoredResult,
} from './dynamodb-result.ts';
import type { Completion, Ownership, RecordedResult } from './idempotency-store.ts';
import { ITEM_MAX_BYTES, mostItemBytes } from './item-size.ts';
import { jsonOfNative, nativeForm } from './native-data.ts';
import { RESULT_MAX_BYTES } from './result-size.ts';

/** Room for the id, of up to 400 bytes or so, and for all other attributes. */
const HEAD_MAX_BYTES = 4 * 1024;

/** Up to a write unit, an item of its own costs more than the room in the record. */
const SHORT_MAX_BYTES = 1024;

const UNDEFINED = 'undefined';
const NOTHING: AttributeValue = Object.freeze({ NULL: true });

export const POWERTOOLS_FORMAT: RecordFormat = Object.freeze({ headOf, storedResult, resultOf });

/**
 * What Powertools leaves out has the meaning that it has there: without the end of a lease a lock holds until it expires,
 * and without a hash there is no payload to compare.
 */
function headOf(item: Item): RecordHead {
  const status = statusOf(item);
  const expiresAtSeconds = number(item, ATTRIBUTES.expiration);
  const ownerAttribute = status === 'COMPLETED' ? ATTRIBUTES.settledBy : ATTRIBUTES.owner;
  const head: RecordHead = {
    id: text(item, ATTRIBUTES.id),
    status,
    expiresAtSeconds,
    leaseEndsAtMs: optional(item, ATTRIBUTES.leaseEnd, number, expiresAtSeconds * 1000),
    owner: optional(item, ownerAttribute, text, NO_OWNER),
    attempt: optional(item, ATTRIBUTES.attempt, number, 1),
    fingerprint: optional(item, ATTRIBUTES.validation, text, ''),
  };
  return withSteps(head, item);
}

async function storedResult(ownership: Ownership, completion: Completion): Promise<StoredResult> {
  const { result } = completion;
  const settledBy = { [ATTRIBUTES.settledBy]: { S: ownership.owner } };
  switch (result.kind) {
    case 'json': {
      const { attributes, chunks } = await storedJson(ownership, completion, result.json);
      return { result, attributes: { ...attributes, ...settledBy }, chunks };
    }
    case 'undefined': {
      const attributes = {
        [ATTRIBUTES.data]: NOTHING,
        [ATTRIBUTES.dataEncoding]: { S: UNDEFINED },
        ...settledBy,
      };
      return { result, attributes, chunks: [] };
    }
    case 'omitted': {
      const attributes = {
        [ATTRIBUTES.data]: remainderForm(result.remainderJson),
        [ATTRIBUTES.dataOmitted]: { S: result.reason },
        ...settledBy,
      };
      return { result, attributes, chunks: [] };
    }
  }
}

async function storedJson(
  ownership: Ownership,
  { expiresAtSeconds, remainderJson }: Completion,
  json: string,
): Promise<Pick<StoredResult, 'attributes' | 'chunks'>> {
  const jsonBytes = Buffer.byteLength(json);
  if (jsonBytes > RESULT_MAX_BYTES) throw new ResultTooLargeError();
  const native = fittingForm(json, jsonBytes);
  if (native !== undefined) return { attributes: { [ATTRIBUTES.data]: native }, chunks: [] };
  const left = { [ATTRIBUTES.data]: remainderForm(remainderJson?.()) };
  if (jsonBytes <= SHORT_MAX_BYTES) {
    return { attributes: { ...left, [ATTRIBUTES.dataJson]: { S: json } }, chunks: [] };
  }
  const bytes = await compress(Buffer.from(json));
  const { attributes, chunks } = chunkedJson(ownership, { bytes, jsonBytes, expiresAtSeconds });
  return { attributes: { ...attributes, ...left }, chunks };
}

function fittingForm(json: string, jsonBytes: number): AttributeValue | undefined {
  // No native form takes less than half of its JSON (`[0,0]` is longer, quotes and commas are not); megabytes are
  // not worth the try.
  // Stryker disable next-line ConditionalExpression,EqualityOperator: it would be found not to fit, only later
  if (jsonBytes > 2 * ITEM_MAX_BYTES) return undefined;
  const native = nativeForm(json);
  if (native === undefined) return undefined;
  return mostItemBytes({ [ATTRIBUTES.data]: native }) <= ITEM_MAX_BYTES - HEAD_MAX_BYTES ? native : undefined;
}

function remainderForm(remainderJson: string | undefined): AttributeValue {
  // Stryker disable next-line ConditionalExpression: nothing has no native form either
  return (remainderJson === undefined ? undefined : nativeForm(remainderJson)) ?? NOTHING;
}

async function resultOf(item: Item, owner: Ownership, readChunk: ChunkReader): Promise<RecordedResult> {
  if (item[ATTRIBUTES.dataOmitted] !== undefined) {
    return { kind: 'omitted', reason: omissionReason(item), ...remainder(item) };
  }
  if (item[ATTRIBUTES.dataJson] !== undefined) return { kind: 'json', json: text(item, ATTRIBUTES.dataJson) };
  const encoding = item[ATTRIBUTES.dataEncoding]?.S;
  if (encoding !== undefined && encoding !== UNDEFINED) {
    return compressedResult(item, owner, readChunk, remainder);
  }
  const data = item[ATTRIBUTES.data];
  // With anything else in it, Powertools has written over a record of ours.
  if (data === undefined || (encoding === UNDEFINED && data.NULL)) return { kind: 'undefined' };
  return { kind: 'json', json: jsonOfNative(data) };
}

function remainder(item: Item): { readonly remainderJson?: string } {
  const data = item[ATTRIBUTES.data];
  return data === undefined || data.NULL ? {} : { remainderJson: jsonOfNative(data) };
}

function optional<T>(item: Item, name: string, read: (item: Item, name: string) => T, otherwise: T): T {
  return item[name] === undefined ? otherwise : read(item, name);
}
