/**
 * How a record lies in DynamoDB. The attribute names and status words are those of Powertools for AWS Lambda
 * 2.35.0 (`owner` and `attempt` are ours), so that its tools can read our tables.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { StoreError } from '../idempotency/errors.ts';
import type { IdempotencyRecord, RecordedSteps, RecordStatus } from './idempotency-store.ts';

export type Item = Record<string, AttributeValue>;

/** `data` and what begins with it belong to the result, in the forms that dynamodb-result.ts lists. */
export const ATTRIBUTES = Object.freeze({
  id: 'id',
  status: 'status',
  expiration: 'expiration',
  leaseEnd: 'in_progress_expiration',
  owner: 'owner',
  attempt: 'attempt',
  validation: 'validation',
  data: 'data',
  dataOmitted: 'data_omitted',
  dataEncoding: 'data_encoding',
  dataBytes: 'data_bytes',
  dataChunks: 'data_chunks',
  dataDigest: 'data_digest',
  dataJson: 'data_json',
  settledBy: 'settled_by',
});

/** Owner of a record that was last settled or taken by somebody who names no owner: Powertools, on a shared table. */
export const NO_OWNER = '';

/** Stands in chunks of results where a record has INPROGRESS or COMPLETED (result-chunks.ts). */
export const CHUNK_STATUS = 'CHUNK';

/** For whoever lists a table: true for the items that are no records, but belong to one. */
export function isChunk(item: Item): boolean {
  return item[ATTRIBUTES.status]?.S === CHUNK_STATUS;
}

/**
 * A step is an attribute of the record, so that it can be added by one write whether or not there are others: a map of
 * steps would have to be there first.
 */
const STEP_PREFIX = 'step:';

export function stepAttribute(name: string): string {
  return `${STEP_PREFIX}${name}`;
}

/** The record without its result. */
export function itemOf(record: IdempotencyRecord): Item {
  return {
    [ATTRIBUTES.id]: { S: record.id },
    [ATTRIBUTES.status]: { S: record.status },
    [ATTRIBUTES.expiration]: { N: String(record.expiresAtSeconds) },
    [ATTRIBUTES.leaseEnd]: { N: String(record.leaseEndsAtMs) },
    [ATTRIBUTES.owner]: { S: record.owner },
    [ATTRIBUTES.attempt]: { N: String(record.attempt) },
    [ATTRIBUTES.validation]: { S: record.fingerprint },
  };
}

export type RecordHead = Omit<IdempotencyRecord, 'result'>;

/**
 * The record without its result, which may have to be fetched (dynamodb-result.ts).
 * @throws StoreError if the item is not a record that this version can read; it is left as it is.
 */
export function headOf(item: Item): RecordHead {
  const status = statusOf(item);
  const record: RecordHead = {
    id: text(item, ATTRIBUTES.id),
    status,
    expiresAtSeconds: number(item, ATTRIBUTES.expiration),
    leaseEndsAtMs: number(item, ATTRIBUTES.leaseEnd),
    owner: text(item, ATTRIBUTES.owner),
    attempt: number(item, ATTRIBUTES.attempt),
    fingerprint: text(item, ATTRIBUTES.validation),
  };
  return withSteps(record, item);
}

export function statusOf(item: Item): RecordStatus {
  const status = text(item, ATTRIBUTES.status);
  if (status !== 'INPROGRESS' && status !== 'COMPLETED') throw unreadable(ATTRIBUTES.status);
  return status;
}

export function withSteps(head: RecordHead, item: Item): RecordHead {
  const steps = head.status === 'INPROGRESS' ? stepsOf(item) : undefined;
  return steps === undefined ? head : { ...head, steps };
}

function stepsOf(item: Item): RecordedSteps | undefined {
  const names = stepNamesOf(item);
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, text(item, stepAttribute(name))]));
}

export function stepNamesOf(item: Item): string[] {
  return Object.keys(item)
    .filter((name) => name.startsWith(STEP_PREFIX))
    .map((name) => name.slice(STEP_PREFIX.length));
}

export function text(item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw unreadable(name);
  return value;
}

export function number(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? Number.NaN);
  if (!Number.isFinite(value)) throw unreadable(name);
  return value;
}

export function unreadable(name: string): StoreError {
  return new StoreError(
    `The item found under this id is not a record of this library: its attribute "${name}" is missing or of another type. Is the table shared with something else, or written by a newer version?`,
  );
}
