/**
 * The requests of the store, as DynamoDB takes them, alone or in a transaction. Each is one write with one condition;
 * what the condition protects is said in the port.
 */
import { ATTRIBUTES, type Item, itemOf, NO_OWNER, stepAttribute } from './dynamodb-record.ts';
import type {
  Completion,
  IdempotencyRecord,
  InProgressRecord,
  Lease,
  Ownership,
} from './idempotency-store.ts';

// `status`, `owner` and `data` are among DynamoDB's reserved words, so every name goes in as a placeholder. Only those that
// an expression uses: DynamoDB refuses others.
const ABSENT_NAMES = Object.freeze({ '#id': ATTRIBUTES.id, '#expiration': ATTRIBUTES.expiration });
const OWNED_LOCK_NAMES = Object.freeze({ '#status': ATTRIBUTES.status, '#owner': ATTRIBUTES.owner });
const LEASE_NAMES = Object.freeze({ '#leaseEnd': ATTRIBUTES.leaseEnd, ...OWNED_LOCK_NAMES });
const TAKE_OVER_NAMES = Object.freeze({
  '#attempt': ATTRIBUTES.attempt,
  '#expiration': ATTRIBUTES.expiration,
  '#validation': ATTRIBUTES.validation,
  ...LEASE_NAMES,
});

const OWNED_LOCK = '#status = :inProgress AND #owner = :owner';
const EXACT_LEASE = `${OWNED_LOCK} AND #leaseEnd = :leaseEnd`;
/** The same of a lock that Powertools has taken, which names no owner; the end of its lease tells it from others. */
const EXACT_LEASE_WITHOUT_OWNER =
  '#status = :inProgress AND attribute_not_exists(#owner) AND #leaseEnd = :leaseEnd';

/** The record that a write was refused for comes back with the refusal. */
const BRINGING_BACK = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** Both states of a record are put under the same condition: that there is none which counts. */
export function acquirePut(tableName: string, record: IdempotencyRecord, nowSeconds: number) {
  return {
    TableName: tableName,
    Item: itemOf(record),
    ConditionExpression: 'attribute_not_exists(#id) OR #expiration < :now',
    ExpressionAttributeNames: ABSENT_NAMES,
    ExpressionAttributeValues: { ':now': { N: String(nowSeconds) } },
    ...BRINGING_BACK,
  };
}

export function completedPut(
  tableName: string,
  record: IdempotencyRecord,
  nowSeconds: number,
  resultAttributes: Item,
) {
  const put = acquirePut(tableName, record, nowSeconds);
  return { ...put, Item: { ...put.Item, ...resultAttributes } };
}

/** An update and not a put: what it does not name, the recorded steps, stays as it is at the moment of the write. */
export function takeOverUpdate(tableName: string, record: InProgressRecord, lapsed: Lease) {
  return {
    TableName: tableName,
    Key: keyOf(record.id),
    UpdateExpression:
      'SET #owner = :nextOwner, #attempt = :attempt, #leaseEnd = :nextLeaseEnd, #expiration = :expiration, #validation = :validation',
    ConditionExpression: lapsed.owner === NO_OWNER ? EXACT_LEASE_WITHOUT_OWNER : EXACT_LEASE,
    ExpressionAttributeNames: TAKE_OVER_NAMES,
    ExpressionAttributeValues: {
      ':nextOwner': { S: record.owner },
      ':attempt': { N: String(record.attempt) },
      ':nextLeaseEnd': { N: String(record.leaseEndsAtMs) },
      ':expiration': { N: String(record.expiresAtSeconds) },
      ':validation': { S: record.fingerprint },
      ...leaseValues(lapsed),
    },
    ReturnValues: 'ALL_NEW',
    ...BRINGING_BACK,
  } as const;
}

export function renewalUpdate(tableName: string, lease: Lease, nextLeaseEndsAtMs: number) {
  return {
    TableName: tableName,
    Key: keyOf(lease.id),
    UpdateExpression: 'SET #leaseEnd = :nextLeaseEnd',
    ConditionExpression: EXACT_LEASE,
    ExpressionAttributeNames: LEASE_NAMES,
    ExpressionAttributeValues: {
      ':nextLeaseEnd': { N: String(nextLeaseEndsAtMs) },
      ...leaseValues(lease),
    },
    ...BRINGING_BACK,
  };
}

export function stepUpdate(tableName: string, ownership: Ownership, name: string, json: string) {
  return {
    TableName: tableName,
    Key: keyOf(ownership.id),
    UpdateExpression: 'SET #step = :step',
    ConditionExpression: OWNED_LOCK,
    ExpressionAttributeNames: { '#step': stepAttribute(name), ...OWNED_LOCK_NAMES },
    ExpressionAttributeValues: { ':step': { S: json }, ...ownedLockValues(ownership) },
    ...BRINGING_BACK,
  };
}

export function completionUpdate(
  tableName: string,
  ownership: Ownership,
  { expiresAtSeconds, stepNames }: Pick<Completion, 'expiresAtSeconds' | 'stepNames'>,
  resultAttributes: Item,
) {
  const names: Record<string, string> = { '#expiration': ATTRIBUTES.expiration, ...OWNED_LOCK_NAMES };
  const values: Item = {
    ':completed': { S: 'COMPLETED' },
    ':expiration': { N: String(expiresAtSeconds) },
    ...ownedLockValues(ownership),
  };
  const assignments = ['#status = :completed', '#expiration = :expiration'];
  for (const [name, value] of Object.entries(resultAttributes)) {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    assignments.push(`#${name} = :${name}`);
  }
  const dropped = (stepNames ?? []).map((name, index) => {
    names[`#step${index}`] = stepAttribute(name);
    return `#step${index}`;
  });
  const removal = dropped.length === 0 ? '' : ` REMOVE ${dropped.join(', ')}`;
  return {
    TableName: tableName,
    Key: keyOf(ownership.id),
    UpdateExpression: `SET ${assignments.join(', ')}${removal}`,
    ConditionExpression: OWNED_LOCK,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ...BRINGING_BACK,
  };
}

export function releaseDelete(tableName: string, ownership: Ownership) {
  return {
    TableName: tableName,
    Key: keyOf(ownership.id),
    ConditionExpression: OWNED_LOCK,
    ExpressionAttributeNames: OWNED_LOCK_NAMES,
    ExpressionAttributeValues: ownedLockValues(ownership),
    ...BRINGING_BACK,
  };
}

export function keyOf(id: string): Item {
  return { [ATTRIBUTES.id]: { S: id } };
}

function ownedLockValues({ owner }: Ownership): Item {
  const inProgress = { S: 'INPROGRESS' };
  // DynamoDB refuses a value that no expression uses.
  return owner === NO_OWNER
    ? { ':inProgress': inProgress }
    : { ':inProgress': inProgress, ':owner': { S: owner } };
}

function leaseValues(lease: Lease): Item {
  return { ':leaseEnd': { N: String(lease.leaseEndsAtMs) }, ...ownedLockValues(lease) };
}
