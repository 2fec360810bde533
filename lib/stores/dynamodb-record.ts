/**
 * How a record lies in DynamoDB. The attribute names and status words are those of Powertools for AWS Lambda
 * 2.35.0 (`owner` and `attempt` are ours), so that its tools can read our tables.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { StoreError } from '../idempotency/errors.ts';
import type { IdempotencyRecord, RecordedResult, RecordedSteps } from './idempotency-store.ts';

export type Item = Record<string, AttributeValue>;

/** `data_omitted` says why `data` is missing although something was returned. */
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
});

/**
 * A step is an attribute of the record, so that it can be added by one write whether or not there are others: a map of
 * steps would have to be there first.
 */
const STEP_PREFIX = 'step:';

export function stepAttribute(name: string): string {
  return `${STEP_PREFIX}${name}`;
}

/**
 * DynamoDB refuses items over 400 KB (409,600 bytes, names and values together: "Service, account, and table
 * quotas", DynamoDB Developer Guide). The difference is left to the other attributes, whose largest are the id
 * (a namespace of at most 255 characters and a hash) and the remainder of an omitted result.
 */
export const RESULT_MAX_BYTES = 400 * 1024 - 4 * 1024;

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

/**
 * The result as attributes. JSON goes in as one string: marshalling an answer into a DynamoDB map costs
 * milliseconds of CPU at 64 KB and fails on values that JSON has no trouble with, where a string costs nothing
 * measurable and can be read in the console.
 */
export function resultAttributes(result: RecordedResult): Item {
  switch (result.kind) {
    case 'json':
      return { [ATTRIBUTES.data]: { S: result.json } };
    case 'undefined':
      return {};
    case 'omitted':
      return {
        [ATTRIBUTES.dataOmitted]: { S: result.reason },
        ...(result.remainderJson === undefined ? {} : { [ATTRIBUTES.data]: { S: result.remainderJson } }),
      };
  }
}

/** @throws StoreError if the item is not a record that this version can read; it is left as it is. */
export function recordOf(item: Item): IdempotencyRecord {
  const status = text(item, ATTRIBUTES.status);
  if (status !== 'INPROGRESS' && status !== 'COMPLETED') throw unreadable(ATTRIBUTES.status);
  const record = {
    id: text(item, ATTRIBUTES.id),
    expiresAtSeconds: number(item, ATTRIBUTES.expiration),
    leaseEndsAtMs: number(item, ATTRIBUTES.leaseEnd),
    owner: text(item, ATTRIBUTES.owner),
    attempt: number(item, ATTRIBUTES.attempt),
    fingerprint: text(item, ATTRIBUTES.validation),
  };
  if (status === 'COMPLETED') return { ...record, status, result: resultOf(item) };
  const steps = stepsOf(item);
  return steps === undefined ? { ...record, status } : { ...record, status, steps };
}

function stepsOf(item: Item): RecordedSteps | undefined {
  const names = Object.keys(item).filter((name) => name.startsWith(STEP_PREFIX));
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name.slice(STEP_PREFIX.length), text(item, name)]));
}

function resultOf(item: Item): RecordedResult {
  const json = item[ATTRIBUTES.data]?.S;
  const reason = item[ATTRIBUTES.dataOmitted]?.S;
  if (reason === 'too-large' || reason === 'not-serializable') {
    return { kind: 'omitted', reason, ...(json === undefined ? {} : { remainderJson: json }) };
  }
  if (reason !== undefined) throw unreadable(ATTRIBUTES.dataOmitted);
  if (json !== undefined) return { kind: 'json', json };
  if (item[ATTRIBUTES.data] !== undefined) throw unreadable(ATTRIBUTES.data);
  return { kind: 'undefined' };
}

function text(item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw unreadable(name);
  return value;
}

function number(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? Number.NaN);
  if (!Number.isFinite(value)) throw unreadable(name);
  return value;
}

function unreadable(name: string): StoreError {
  return new StoreError(
    `The item found under this id is not a record of this library: its attribute "${name}" is missing or of another type. Is the table shared with something else, or written by a newer version?`,
  );
}
