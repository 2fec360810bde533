/**
 * The requests of the store, as DynamoDB takes them, alone or in a transaction. Each is one write with one condition;
 * what the condition protects is said in the port.
 */
import { ATTRIBUTES, type Item, itemOf } from './dynamodb-record.ts';
import type { IdempotencyRecord, InProgressRecord, LapsedLease, Ownership } from './idempotency-store.ts';

// `status`, `owner` and `data` are among DynamoDB's reserved words, so every name goes in as a placeholder.
const NAME = {
  '#id': ATTRIBUTES.id,
  '#status': ATTRIBUTES.status,
  '#expiration': ATTRIBUTES.expiration,
  '#leaseEnd': ATTRIBUTES.leaseEnd,
  '#owner': ATTRIBUTES.owner,
} as const;

const OWNED_LOCK = '#status = :inProgress AND #owner = :owner';

/** The record that a write was refused for comes back with the refusal. */
const BRINGING_BACK = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** Both states of a record are put under the same condition: that there is none which counts. */
export function acquirePut(tableName: string, record: IdempotencyRecord, nowSeconds: number) {
  return {
    TableName: tableName,
    Item: itemOf(record),
    ConditionExpression: 'attribute_not_exists(#id) OR #expiration < :now',
    ExpressionAttributeNames: pick('#id', '#expiration'),
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

export function takeOverPut(tableName: string, record: InProgressRecord, lapsed: LapsedLease) {
  return {
    TableName: tableName,
    Item: itemOf(record),
    ConditionExpression: `${OWNED_LOCK} AND #leaseEnd = :leaseEnd`,
    ExpressionAttributeNames: pick('#status', '#owner', '#leaseEnd'),
    ExpressionAttributeValues: {
      ...ownedLockValues(lapsed),
      ':leaseEnd': { N: String(lapsed.leaseEndsAtMs) },
    },
    ...BRINGING_BACK,
  };
}

export function completionUpdate(
  tableName: string,
  ownership: Ownership,
  expiresAtSeconds: number,
  resultAttributes: Item,
) {
  const names: Record<string, string> = pick('#status', '#owner', '#expiration');
  const values: Item = {
    ...ownedLockValues(ownership),
    ':completed': { S: 'COMPLETED' },
    ':expiration': { N: String(expiresAtSeconds) },
  };
  const assignments = ['#status = :completed', '#expiration = :expiration'];
  for (const [name, value] of Object.entries(resultAttributes)) {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    assignments.push(`#${name} = :${name}`);
  }
  return {
    TableName: tableName,
    Key: keyOf(ownership.id),
    UpdateExpression: `SET ${assignments.join(', ')}`,
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
    ExpressionAttributeNames: pick('#status', '#owner'),
    ExpressionAttributeValues: ownedLockValues(ownership),
    ...BRINGING_BACK,
  };
}

export function keyOf(id: string): Item {
  return { [ATTRIBUTES.id]: { S: id } };
}

function pick(...placeholders: (keyof typeof NAME)[]): Record<string, string> {
  return Object.fromEntries(placeholders.map((placeholder) => [placeholder, NAME[placeholder]]));
}

function ownedLockValues({ owner }: Ownership): Item {
  return { ':owner': { S: owner }, ':inProgress': { S: 'INPROGRESS' } };
}
