/** What an item of the table is, in words: for people, and as JSON for programs. Never a key, and no result. */

import { LOCK_STATUS, stateOf } from '../../locks/dynamodb-lock-item.ts';
import { ATTRIBUTES, type Item, isChunk, stepNamesOf } from '../../stores/dynamodb-record.ts';

/**
 * `uncertain`: the lease is over, and whether the attempt took effect cannot be told from the record. `suspended`: given back
 * and kept for its steps or its number; the next attempt runs at once. An `expired` record counts as absent.
 */
export type RecordState = 'in-progress' | 'uncertain' | 'suspended' | 'completed' | 'expired';

export interface DescribedRecord {
  readonly kind: 'record';
  readonly id: string;
  readonly state: RecordState;
  readonly status: string;
  readonly attempt: number | undefined;
  /** Absent on a record that Powertools wrote. */
  readonly owner: string | undefined;
  readonly leaseEndsAt: string | undefined;
  readonly expiresAt: string | undefined;
  readonly fingerprint: string | undefined;
  /** Names of recorded steps. */
  readonly steps: readonly string[];
  readonly writtenBy: 'lambda-idempotency' | 'powertools';
  readonly result: string | undefined;
}

export interface DescribedChunk {
  readonly kind: 'chunk';
  readonly id: string;
  /** Of the record whose result it is a part of. */
  readonly recordId: string;
  readonly owner: string;
  readonly expiresAt: string | undefined;
}

export interface DescribedLock {
  readonly kind: 'lock';
  readonly id: string;
  readonly permits: number;
  readonly fencingToken: number;
  readonly holders: readonly { readonly fencingToken: number; readonly leaseEndsAt: string | undefined }[];
  readonly waiting: number;
  readonly expiresAt: string | undefined;
}

export interface DescribedStranger {
  readonly kind: 'unknown';
  readonly id: string;
  readonly attributes: readonly string[];
}

export type DescribedItem = DescribedRecord | DescribedChunk | DescribedLock | DescribedStranger;

export function describeItem(item: Item, nowMs: number): DescribedItem {
  const id = item[ATTRIBUTES.id]?.S ?? '';
  if (isChunk(item))
    return { kind: 'chunk', id, ...parentOf(id), expiresAt: isoOfSeconds(expirationOf(item)) };
  const status = item[ATTRIBUTES.status]?.S;
  if (status === LOCK_STATUS) return describeLock(item);
  if (status === 'INPROGRESS' || status === 'COMPLETED') return describeRecord(item, status, nowMs);
  return { kind: 'unknown', id, attributes: Object.keys(item).sort() };
}

function describeRecord(item: Item, status: string, nowMs: number): DescribedRecord {
  const attempt = item[ATTRIBUTES.attempt]?.N;
  return {
    kind: 'record',
    id: item[ATTRIBUTES.id]?.S ?? '',
    state: recordState(item, nowMs),
    status,
    attempt: attempt === undefined ? undefined : Number(attempt),
    owner: item[ATTRIBUTES.owner]?.S,
    leaseEndsAt: isoOfMs(leaseEndOf(item)),
    expiresAt: isoOfSeconds(expirationOf(item)),
    fingerprint: item[ATTRIBUTES.validation]?.S || undefined,
    steps: stepNamesOf(item).sort(),
    writtenBy: isInPowertoolsFormat(item) ? 'powertools' : 'lambda-idempotency',
    result: status === 'COMPLETED' ? describeResult(item) : undefined,
  };
}

export function recordState(item: Item, nowMs: number): RecordState {
  const expiration = expirationOf(item);
  if (expiration !== undefined && expiration < Math.floor(nowMs / 1000)) return 'expired';
  if (item[ATTRIBUTES.status]?.S === 'COMPLETED') return 'completed';
  const leaseEnd = leaseEndOf(item);
  if (leaseEnd === 0) return 'suspended';
  // Without an end of its own, a lock of Powertools holds until the record expires.
  return leaseEnd === undefined || nowMs < leaseEnd ? 'in-progress' : 'uncertain';
}

/**
 * Powertools names no owner. On a shared table both write the same record, and the one who completed it decided the form:
 * this library says `settled_by` there, and keeps everything else as text or bytes.
 */
export function isInPowertoolsFormat(item: Item): boolean {
  if (item[ATTRIBUTES.owner] === undefined || item[ATTRIBUTES.settledBy] !== undefined) return true;
  const data = item[ATTRIBUTES.data];
  return data !== undefined && data.S === undefined && data.B === undefined;
}

function describeResult(item: Item): string {
  const omitted = item[ATTRIBUTES.dataOmitted]?.S;
  if (omitted !== undefined) return `not kept (${omitted}); the key is consumed`;
  const jsonBytes = item[ATTRIBUTES.dataBytes]?.N;
  const chunks = item[ATTRIBUTES.dataChunks]?.N;
  if (chunks !== undefined) return `JSON of ${jsonBytes} bytes, compressed, in chunks: ${chunks}`;
  if (jsonBytes !== undefined) {
    return `JSON of ${jsonBytes} bytes, compressed to ${item[ATTRIBUTES.data]?.B?.byteLength ?? '?'}`;
  }
  const text =
    item[ATTRIBUTES.dataJson]?.S ?? (isInPowertoolsFormat(item) ? undefined : item[ATTRIBUTES.data]?.S);
  if (text !== undefined) return `JSON of ${Buffer.byteLength(text)} bytes`;
  const data = item[ATTRIBUTES.data];
  return data === undefined || data.NULL ? 'nothing was returned' : "in DynamoDB's own types";
}

function describeLock(item: Item): DescribedLock {
  const { id, permits, fencingToken, holders, queue, expiresAtSeconds } = stateOf(item);
  return {
    kind: 'lock',
    id,
    permits,
    fencingToken,
    holders: Object.values(holders).map((holder) => ({
      fencingToken: holder.fencingToken,
      leaseEndsAt: isoOfMs(holder.leaseEndsAtMs),
    })),
    waiting: Object.keys(queue).length,
    expiresAt: isoOfSeconds(expiresAtSeconds),
  };
}

/** `RECORD#chunk#OWNER#INDEX`; an owner is a token without a `#`. */
export function parentOf(chunkId: string): { readonly recordId: string; readonly owner: string } {
  const [, recordId = '', owner = ''] = /^(.*)#chunk#([^#]*)#\d+$/s.exec(chunkId) ?? [];
  return { recordId, owner };
}

export function leaseEndOf(item: Item): number | undefined {
  return numberOf(item[ATTRIBUTES.leaseEnd]?.N);
}

export function expirationOf(item: Item): number | undefined {
  return numberOf(item[ATTRIBUTES.expiration]?.N);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function isoOfMs(ms: number | undefined): string | undefined {
  // 0 is no moment: the lease was given back. And what a clock cannot show is somebody's mistake, not ours to fail at.
  return ms === undefined || ms === 0 || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}

function isoOfSeconds(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : isoOfMs(seconds * 1000);
}
