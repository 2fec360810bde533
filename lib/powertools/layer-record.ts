/**
 * A record of the port as a record of Powertools, which has fewer members: what it lacks goes into those that every layer
 * keeps. Of a lock that is the hash of the payload; of a completed record, of which the cache layer keeps no hash, it is
 * the response.
 */
import { IdempotencyRecord as PowertoolsRecord } from '@aws-lambda-powertools/idempotency/persistence';
import { StoreError } from '../idempotency/errors.ts';
import type { IdempotencyRecord, InProgressRecord, RecordedResult } from '../stores/idempotency-store.ts';

const MARK = 'lambda-idempotency';

type Head = Pick<IdempotencyRecord, 'owner' | 'attempt' | 'leaseEndsAtMs' | 'fingerprint'>;

/** `layerHoldsUntilMs`: until then the layer by itself lets nobody else acquire the key. */
export function lockForLayer(record: InProgressRecord, layerHoldsUntilMs: number): PowertoolsRecord {
  return new PowertoolsRecord({
    idempotencyKey: record.id,
    status: 'INPROGRESS',
    expiryTimestamp: record.expiresAtSeconds,
    inProgressExpiryTimestamp: layerHoldsUntilMs,
    payloadHash: headText(record),
  });
}

export function completedForLayer(record: IdempotencyRecord, result: RecordedResult): PowertoolsRecord {
  // One string: layers marshall objects into types that take less than JSON does. The JSON is not quoted once more, which
  // would make it longer.
  const text = result.kind === 'json' ? result.json : (JSON.stringify(result) ?? '');
  return new PowertoolsRecord({
    idempotencyKey: record.id,
    status: 'COMPLETED',
    expiryTimestamp: record.expiresAtSeconds,
    payloadHash: headText(record),
    responseData: `${headText(record)}\n${result.kind}\n${text}`,
  });
}

/**
 * `undefined` for a record that has expired, by the clock that the layer goes by.
 * @throws StoreError if it is not a record of this store
 */
export function recordFromLayer(record: PowertoolsRecord): IdempotencyRecord | undefined {
  const status = record.getStatus();
  if (status === 'EXPIRED') return undefined;
  const { idempotencyKey: id, expiryTimestamp: expiresAtSeconds } = record;
  if (expiresAtSeconds === undefined) throw unreadable();
  if (status === 'INPROGRESS') return { id, status, expiresAtSeconds, ...headOf(record.payloadHash) };
  const [head, kind, ...text] = String(record.responseData).split('\n');
  return { id, status, expiresAtSeconds, ...headOf(head), result: resultOf(kind, text.join('\n')) };
}

function headText({ owner, attempt, leaseEndsAtMs, fingerprint }: Head): string {
  return JSON.stringify([MARK, owner, attempt, leaseEndsAtMs, fingerprint]);
}

function headOf(text: unknown): Head {
  const [mark, owner, attempt, leaseEndsAtMs, fingerprint] = listIn(text);
  const isHead =
    mark === MARK &&
    typeof owner === 'string' &&
    typeof attempt === 'number' &&
    typeof leaseEndsAtMs === 'number' &&
    typeof fingerprint === 'string';
  if (!isHead) throw unreadable();
  return { owner, attempt, leaseEndsAtMs, fingerprint };
}

function resultOf(kind: unknown, text: string): RecordedResult {
  if (kind === 'json') return { kind, json: text };
  // Written by `completedForLayer` under a head of ours, which is checked before.
  if (kind === 'undefined' || kind === 'omitted') return JSON.parse(text) as RecordedResult;
  throw unreadable();
}

function listIn(text: unknown): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(String(text));
    return Array.isArray(value) ? value : [];
  } catch {
    return []; // Powertools' own hashes are no JSON.
  }
}

function unreadable(): StoreError {
  return new StoreError(
    'The record found under this id is not one of this store. Does the layer keep payloadHash and responseData as they are, and is it shared with nobody else?',
  );
}
