/**
 * How a record lies in Valkey: a hash, whose fields have the names and words that the attributes have in DynamoDB, and two
 * more. `lease_until` is the end of the lease on the server's own clock. The end of its life is that of the key (`PTTL`).
 */
import { StoreError } from '../idempotency/errors.ts';
import type { IdempotencyRecord, RecordedSteps } from '../stores/idempotency-store.ts';

/** Fields by name. A value is bytes, since a compressed result is no text. */
export type RecordHash = ReadonlyMap<string, Buffer>;

export const FIELDS = Object.freeze({
  status: 'status',
  expiration: 'expiration',
  leaseEnd: 'in_progress_expiration',
  serverLeaseEnd: 'lease_until',
  owner: 'owner',
  attempt: 'attempt',
  validation: 'validation',
  data: 'data',
  dataOmitted: 'data_omitted',
  dataEncoding: 'data_encoding',
  dataBytes: 'data_bytes',
});

export const STEP_PREFIX = 'step:';

export function stepField(name: string): string {
  return `${STEP_PREFIX}${name}`;
}

/** Fields and values in turn, as `HSET` takes them, without the result. */
export function hashArgumentsOf(record: IdempotencyRecord): string[] {
  return [
    FIELDS.status,
    record.status,
    FIELDS.expiration,
    String(record.expiresAtSeconds),
    FIELDS.leaseEnd,
    String(record.leaseEndsAtMs),
    FIELDS.owner,
    record.owner,
    FIELDS.attempt,
    String(record.attempt),
    FIELDS.validation,
    record.fingerprint,
  ];
}

/** The hash that a reply of `HGETALL` holds, or `undefined` where there is none. */
export function hashOf(reply: unknown): RecordHash | undefined {
  if (!isListOfBytes(reply)) throw unreadable(FIELDS.status);
  if (reply.length === 0) return undefined;
  const hash = new Map<string, Buffer>();
  for (const [index, value] of reply.entries()) {
    const name = reply[index - 1];
    if (index % 2 === 1 && name !== undefined) hash.set(name.toString('utf8'), value);
  }
  return hash;
}

function isListOfBytes(reply: unknown): reply is readonly Buffer[] {
  return Array.isArray(reply) && reply.every((entry) => Buffer.isBuffer(entry));
}

/**
 * The record without its result.
 * @throws StoreError if the hash is not a record that this version can read; it is left as it is
 */
export function headOf(id: string, hash: RecordHash): Omit<IdempotencyRecord, 'result'> {
  const status = text(hash, FIELDS.status);
  if (status !== 'INPROGRESS' && status !== 'COMPLETED') throw unreadable(FIELDS.status);
  const record = {
    id,
    status,
    expiresAtSeconds: number(hash, FIELDS.expiration),
    leaseEndsAtMs: number(hash, FIELDS.leaseEnd),
    owner: text(hash, FIELDS.owner),
    attempt: number(hash, FIELDS.attempt),
    fingerprint: text(hash, FIELDS.validation),
  } as const;
  const steps = status === 'INPROGRESS' ? stepsOf(hash) : undefined;
  return steps === undefined ? record : { ...record, steps };
}

function stepsOf(hash: RecordHash): RecordedSteps | undefined {
  const steps = [...hash.keys()].filter((name) => name.startsWith(STEP_PREFIX));
  if (steps.length === 0) return undefined;
  return Object.fromEntries(steps.map((name) => [name.slice(STEP_PREFIX.length), text(hash, name)]));
}

export function text(hash: RecordHash, name: string): string {
  const value = hash.get(name);
  if (value === undefined) throw unreadable(name);
  return value.toString('utf8');
}

export function number(hash: RecordHash, name: string): number {
  const digits = text(hash, name);
  const value = digits === '' ? Number.NaN : Number(digits);
  if (!Number.isFinite(value)) throw unreadable(name);
  return value;
}

export function unreadable(name: string): StoreError {
  return new StoreError(
    `What lies under this key is not a record of this library: its field "${name}" is missing or of another form. Is the key prefix shared with something else, or was it written by a newer version?`,
  );
}
