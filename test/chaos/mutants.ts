/**
 * The protocol, or the handler's half of it, broken on purpose: what shows that the checker sees. The library's code
 * stays as it is; what is broken is the store that it is given.
 */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type {
  IdempotencyContext,
  IdempotencyRecord,
  IdempotencyStore,
  WriteOutcome,
} from '../../lib/index.ts';
import { itemOf } from '../../lib/stores/dynamodb-record.ts';
import { storedResult } from '../../lib/stores/dynamodb-result.ts';
import { changedStore } from '../support/intercepted-store.ts';
import type { Invariant } from './checker.ts';
import type { Moment } from './moments.ts';
import type { OperationBody } from './plan.ts';

export interface Table {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

export interface Mutant {
  readonly name: string;
  /** A short run must find at least one of these. */
  readonly breaks: readonly Invariant[];
  /** Where it shows, if that is seldom met otherwise. */
  readonly strikesAt?: readonly Moment[];
  readonly store?: (store: IdempotencyStore, table: Table) => IdempotencyStore;
  readonly lineIdOf?: () => string;
}

const APPLIED: WriteOutcome = { applied: true };

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no-lock',
    breaks: ['one live lease'],
    store: (store, { client, tableName }) =>
      changedStore(store, {
        acquire: async (record) => {
          await client.send(new PutItemCommand({ TableName: tableName, Item: itemOf(record) }));
          return APPLIED;
        },
      }),
  },
  {
    name: 'takes-over-without-looking-at-the-lease',
    breaks: ['one live lease'],
    store: (store, { client, tableName }) =>
      changedStore(store, {
        acquire: async (record, now) => {
          const outcome = await store.acquire(record, now);
          if (outcome.applied || outcome.current?.status !== 'INPROGRESS') return outcome;
          return { applied: false, current: { ...outcome.current, leaseEndsAtMs: 0 } };
        },
        takeOver: async (record) => {
          await client.send(new PutItemCommand({ TableName: tableName, Item: itemOf(record) }));
          return { applied: true, record };
        },
      }),
  },
  {
    name: 'completes-whoever-owns-the-record',
    breaks: ['a zombie changes nothing'],
    store: (store, { client, tableName }) =>
      changedStore(store, {
        complete: async (ownership, completion) => {
          const { id } = ownership;
          const result = await storedResult(ownership, completion);
          const attributes = Object.entries({
            status: { S: 'COMPLETED' },
            expiration: { N: String(completion.expiresAtSeconds) },
            ...result.attributes,
          } satisfies Record<string, AttributeValue>);
          await client.send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: { id: { S: id } },
              UpdateExpression: `SET ${attributes.map(([name]) => `#${name} = :${name}`).join(', ')}`,
              ExpressionAttributeNames: Object.fromEntries(attributes.map(([name]) => [`#${name}`, name])),
              ExpressionAttributeValues: Object.fromEntries(
                attributes.map(([name, value]) => [`:${name}`, value]),
              ),
            }),
          );
          return APPLIED;
        },
      }),
  },
  {
    name: 'gives-back-whoever-owns-the-record',
    breaks: ['one live lease', 'completed is final'],
    strikesAt: ['about to fail'],
    store: (store, { client, tableName }) =>
      changedStore(store, {
        release: async ({ id }) => {
          await client.send(new DeleteItemCommand({ TableName: tableName, Key: { id: { S: id } } }));
          return APPLIED;
        },
      }),
  },
  {
    name: 'deletes-the-lock-that-refused-it',
    breaks: ['one live lease'],
    store: (store) =>
      changedStore(store, {
        acquire: async (record, now) => {
          const outcome = await store.acquire(record, now);
          if (!outcome.applied && outcome.current !== undefined) await store.release(outcome.current);
          return outcome;
        },
      }),
  },
  {
    name: 'acquires-over-a-completed-record',
    breaks: ['completed is final'],
    store: (store, { client, tableName }) =>
      changedStore(store, {
        acquire: async (record, now) => {
          const outcome = await store.acquire(record, now);
          if (outcome.applied || outcome.current?.status !== 'COMPLETED') return outcome;
          await client.send(new PutItemCommand({ TableName: tableName, Item: itemOf(record) }));
          return APPLIED;
        },
      }),
  },
  {
    name: 'answers-with-its-own-result-after-it-lost-the-lease',
    breaks: ['answers agree'],
    store: (store) =>
      changedStore(store, {
        complete: async (ownership, completion) => {
          await store.complete(ownership, completion);
          return APPLIED;
        },
      }),
  },
  {
    name: 'takes-over-without-counting',
    breaks: ['attempts grow'],
    store: (store) =>
      changedStore(store, {
        takeOver: (record, lapsed) => store.takeOver({ ...record, attempt: 1 }, lapsed),
      }),
  },
  {
    name: 'never-takes-over',
    breaks: ['no key is stuck'],
    store: (store) => seenAs(store, (record) => ({ ...record, leaseEndsAtMs: Number.MAX_SAFE_INTEGER })),
  },
  {
    name: 'does-not-compare-payloads',
    breaks: ['another payload changes nothing'],
    store: (store) => {
      // Records are compared with what was asked for, so each is shown with the fingerprint of who asks.
      return changedStore(store, {
        acquire: async (record, now) => {
          const outcome = await store.acquire(record, now);
          if (outcome.applied || outcome.current === undefined) return outcome;
          return { applied: false, current: { ...outcome.current, fingerprint: record.fingerprint } };
        },
      });
    },
  },
  {
    name: 'puts-its-row-under-a-random-id',
    breaks: ['one row a key'],
    lineIdOf: () => randomUUID(),
  },
];

/** The id that the documentation asks for. The peer derives none; the key itself serves as well. */
export function derivedLineId(body: OperationBody, idempotency: IdempotencyContext | undefined): string {
  return idempotency?.deriveKey('cart-line') ?? body.cartId;
}

/** Shows the record that a write lost to as `seen` makes of it. */
function seenAs(
  store: IdempotencyStore,
  seen: (record: IdempotencyRecord) => IdempotencyRecord,
): IdempotencyStore {
  const shown = <T extends { readonly applied: boolean; readonly current?: IdempotencyRecord | undefined }>(
    outcome: T,
  ): T =>
    outcome.applied || outcome.current === undefined
      ? outcome
      : { ...outcome, current: seen(outcome.current) };
  return changedStore(store, {
    acquire: async (record, now) => shown(await store.acquire(record, now)),
    takeOver: async (record, lapsed) => shown(await store.takeOver(record, lapsed)),
  });
}
