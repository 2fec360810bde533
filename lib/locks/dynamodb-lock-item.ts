/** How a lock lies in DynamoDB: one item a resource, in a table of the shape of the idempotency table. */
import { ATTRIBUTES, type Item, number, text } from '../stores/dynamodb-record.ts';
import type { Holder, LockState } from './lock-state.ts';

export const LOCK_ATTRIBUTES = Object.freeze({
  id: ATTRIBUTES.id,
  status: ATTRIBUTES.status,
  expiration: ATTRIBUTES.expiration,
  permits: 'permits',
  fencingToken: 'fencing_token',
  holders: 'holders',
  leaseEnd: 'lease_end',
  queue: 'queue',
  nextTicket: 'next_ticket',
  freedAt: 'freed_at',
});

/** Stands where a record has INPROGRESS or COMPLETED. */
export const LOCK_STATUS = 'LOCK';

export function holderItem({ fencingToken, leaseEndsAtMs }: Holder): Item {
  return {
    [LOCK_ATTRIBUTES.fencingToken]: { N: String(fencingToken) },
    [LOCK_ATTRIBUTES.leaseEnd]: { N: String(leaseEndsAtMs) },
  };
}

/** @throws StoreError if the item is not a lock that this version can read; it is left as it is. */
export function stateOf(item: Item): LockState {
  return {
    id: text(item, LOCK_ATTRIBUTES.id),
    permits: number(item, LOCK_ATTRIBUTES.permits),
    fencingToken: number(item, LOCK_ATTRIBUTES.fencingToken),
    holders: mapValues(item[LOCK_ATTRIBUTES.holders]?.M, ({ M: holder = {} }) => ({
      fencingToken: number(holder, LOCK_ATTRIBUTES.fencingToken),
      leaseEndsAtMs: number(holder, LOCK_ATTRIBUTES.leaseEnd),
    })),
    queue: mapValues(item[LOCK_ATTRIBUTES.queue]?.M, (ticket) => Number(ticket.N)),
    freedAtMs: number(item, LOCK_ATTRIBUTES.freedAt),
    expiresAtSeconds: number(item, LOCK_ATTRIBUTES.expiration),
  };
}

function mapValues<T>(map: Item | undefined, read: (value: Item[string]) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, read(value)]));
}
