/** Who takes part: each hands out one lock, to as many as ask for it. */

import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { dynamoDBLockClientFactory } from '@deliveryhero/dynamodb-lock';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { createLocks, DynamoDbLockStore, type LockStore } from '../../lib/locks/index.ts';

/** Takes the lock, and resolves to what gives it back. */
export type TakeLock = () => Promise<() => Promise<unknown>>;

export interface ContenderSettings {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly leaseMs: number;
  /** Of those that look again after a fixed time. */
  readonly pollMs: number;
}

const WAIT_MS = 900_000;

export const CONTENDERS: Readonly<Record<string, (settings: ContenderSettings) => Promise<TakeLock>>> = {
  'lambda-idempotency/locks': (settings) => ours(settings, (store) => store),

  /** As it would be without tickets: everybody looks again after a jittered pause, and the first that looks has it. */
  'the same without its queue': (settings) =>
    ours(settings, (store) => ({
      read: (id) => store.read(id),
      take: (taking) => store.take(taking),
      enqueue: async (id) => ({ applied: false, current: await store.read(id) }),
      leaveQueue: (id, owner) => store.leaveQueue(id, owner),
      renew: (id, ...rest) => store.renew(id, ...rest),
      release: (id, ...rest) => store.release(id, ...rest),
    })),

  /** With `trustLocalTime` it looks again after a fixed time; as Amazon's Java client does, by its `refreshPeriod`. */
  '@deliveryhero/dynamodb-lock, polling': (settings) => deliveryHero(settings, true),

  /** Its default: whoever finds the lock taken waits for a whole lease before it looks again. */
  '@deliveryhero/dynamodb-lock, default': (settings) => deliveryHero(settings, false),
};

async function ours(
  { client, tableName, leaseMs }: ContenderSettings,
  change: (store: LockStore) => LockStore,
): Promise<TakeLock> {
  await ensureIdempotencyTable(client, tableName);
  const lock = createLocks({ store: change(new DynamoDbLockStore({ tableName, client })), leaseMs }).mutex(
    'one',
  );
  return async () => {
    const grant = await lock.acquire({ waitMs: WAIT_MS });
    return () => grant.release();
  };
}

async function deliveryHero(
  { client, tableName, leaseMs, pollMs }: ContenderSettings,
  trustLocalTime: boolean,
): Promise<TakeLock> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['id', 'group'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'group', KeyType: 'RANGE' },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: tableName });
  const documents = DynamoDBDocument.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const config = { tableName, partitionKey: 'id', sortKey: 'group' };
  return async () => {
    // One client a contender, as one process has one.
    const locks = dynamoDBLockClientFactory(documents, config);
    const lock = await locks.lock('bench', 'one', {
      leaseDurationInMs: leaseMs,
      prolongLeaseEnabled: false,
      trustLocalTime,
      waitDurationInMs: pollMs,
    });
    return () => locks.releaseLock(lock);
  };
}
