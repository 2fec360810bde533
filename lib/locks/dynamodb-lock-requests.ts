/**
 * The requests of the store, as DynamoDB takes them. Each write is an `UpdateItem` with one condition; what the condition
 * protects is said in lock-state.ts. All parts of one expression see the item as it was before.
 */
import type { Item } from '../stores/dynamodb-record.ts';
import { holderItem, LOCK_ATTRIBUTES, LOCK_STATUS } from './dynamodb-lock-item.ts';
import type { Taking } from './lock-store.ts';

const NAMES = {
  '#id': LOCK_ATTRIBUTES.id,
  '#status': LOCK_ATTRIBUTES.status,
  '#expiration': LOCK_ATTRIBUTES.expiration,
  '#permits': LOCK_ATTRIBUTES.permits,
  '#fencing': LOCK_ATTRIBUTES.fencingToken,
  '#holders': LOCK_ATTRIBUTES.holders,
  '#leaseEnd': LOCK_ATTRIBUTES.leaseEnd,
  '#queue': LOCK_ATTRIBUTES.queue,
  '#nextTicket': LOCK_ATTRIBUTES.nextTicket,
  '#freedAt': LOCK_ATTRIBUTES.freedAt,
} as const;

type Name = keyof typeof NAMES;

interface Expressions {
  readonly update: string;
  readonly condition: string;
  readonly names: readonly Name[];
  /** Owner tokens, which are keys of the two maps, by their placeholders. */
  readonly owners: Readonly<Record<string, string>>;
  readonly values?: Item;
}

/** Of a record that is not there: all of it. */
export function firstTakeUpdate(tableName: string, taking: Omit<Taking, 'seen'>) {
  const { id, owner, permits, fencingToken, leaseEndsAtMs, expiresAtSeconds } = taking;
  return update(tableName, id, {
    update:
      'SET #status = :status, #permits = :permits, #fencing = :fencing, #holders = :holders, #queue = :queue, #nextTicket = :one, #freedAt = :zero, #expiration = :expiration',
    condition: 'attribute_not_exists(#id)',
    names: [
      '#id',
      '#status',
      '#permits',
      '#fencing',
      '#holders',
      '#queue',
      '#nextTicket',
      '#freedAt',
      '#expiration',
    ],
    owners: {},
    values: {
      ':status': { S: LOCK_STATUS },
      ':permits': { N: String(permits) },
      ':fencing': { N: String(fencingToken) },
      ':holders': { M: { [owner]: { M: holderItem({ fencingToken, leaseEndsAtMs }) } } },
      ':queue': { M: {} },
      ':one': { N: '1' },
      ':zero': { N: '0' },
      ':expiration': { N: String(expiresAtSeconds) },
    },
  });
}

export function takeUpdate(
  tableName: string,
  taking: Omit<Taking, 'seen'> & { readonly seen: NonNullable<Taking['seen']> },
) {
  const { id, owner, permits, fencingToken, leaseEndsAtMs, expiresAtSeconds, seen } = taking;
  const owners: Record<string, string> = { '#owner': owner };
  const values: Item = {
    ':permits': { N: String(permits) },
    ':fencing': { N: String(fencingToken) },
    ':holder': { M: holderItem({ fencingToken, leaseEndsAtMs }) },
    ':expiration': { N: String(expiresAtSeconds) },
    ':seen': { N: String(seen.fencingToken) },
  };
  const conditions = ['#fencing = :seen'];
  const removed = ['#queue.#owner'];
  seen.lapsed.forEach(([lapsed, leaseEndMs], index) => {
    owners[`#l${index}`] = lapsed;
    values[`:l${index}`] = { N: String(leaseEndMs) };
    conditions.push(`#holders.#l${index}.#leaseEnd = :l${index}`);
    removed.push(`#holders.#l${index}`);
  });
  seen.passed.forEach((passed, index) => {
    owners[`#p${index}`] = passed;
    removed.push(`#queue.#p${index}`);
  });
  const lapsedNames: readonly Name[] = seen.lapsed.length > 0 ? ['#leaseEnd'] : [];
  return update(tableName, id, {
    update: `SET #holders.#owner = :holder, #fencing = :fencing, #permits = :permits, #expiration = :expiration REMOVE ${removed.join(', ')}`,
    condition: conditions.join(' AND '),
    names: ['#holders', '#fencing', '#permits', '#expiration', '#queue', ...lapsedNames],
    owners,
    values,
  });
}

/** The item afterwards comes back: it tells whether a place is free meanwhile. */
export function enqueueUpdate(tableName: string, id: string, owner: string, queueMax: number) {
  return {
    ...update(tableName, id, {
      update: 'SET #queue.#owner = #nextTicket, #nextTicket = #nextTicket + :one',
      condition: 'attribute_exists(#id) AND attribute_not_exists(#queue.#owner) AND size(#queue) < :max',
      names: ['#id', '#queue', '#nextTicket'],
      owners: { '#owner': owner },
      values: { ':one': { N: '1' }, ':max': { N: String(queueMax) } },
    }),
    ReturnValues: 'ALL_NEW',
  } as const;
}

export function leaveQueueUpdate(tableName: string, id: string, owner: string) {
  return update(tableName, id, {
    update: 'REMOVE #queue.#owner',
    condition: 'attribute_exists(#queue.#owner)',
    names: ['#queue'],
    owners: { '#owner': owner },
  });
}

export function renewUpdate(
  tableName: string,
  id: string,
  owner: string,
  leaseEndsAtMs: number,
  expiresAtSeconds: number,
) {
  return update(tableName, id, {
    update: 'SET #holders.#owner.#leaseEnd = :leaseEnd, #expiration = :expiration',
    // Also where there is no such holder: what is not there is not less than anything.
    condition: '#holders.#owner.#leaseEnd < :leaseEnd',
    names: ['#holders', '#leaseEnd', '#expiration'],
    owners: { '#owner': owner },
    values: { ':leaseEnd': { N: String(leaseEndsAtMs) }, ':expiration': { N: String(expiresAtSeconds) } },
  });
}

export function releaseUpdate(tableName: string, id: string, owner: string, freedAtMs: number) {
  return update(tableName, id, {
    update: 'SET #freedAt = :freedAt REMOVE #holders.#owner, #queue.#owner',
    condition: 'attribute_exists(#holders.#owner)',
    names: ['#freedAt', '#holders', '#queue'],
    owners: { '#owner': owner },
    values: { ':freedAt': { N: String(freedAtMs) } },
  });
}

function update(tableName: string, id: string, { update, condition, names, owners, values }: Expressions) {
  return {
    TableName: tableName,
    Key: { [LOCK_ATTRIBUTES.id]: { S: id } },
    UpdateExpression: update,
    ConditionExpression: condition,
    ExpressionAttributeNames: {
      ...Object.fromEntries(names.map((name) => [name, NAMES[name]])),
      ...owners,
    },
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
}
