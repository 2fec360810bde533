/** Persistence layers of Powertools as stores: the DynamoDB one on the run's engine, the cache one, and a user's own. */
import { IdempotencyItemNotFoundError } from '@aws-lambda-powertools/idempotency';
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import {
  BasePersistenceLayer,
  IdempotencyRecord as PowertoolsRecord,
} from '@aws-lambda-powertools/idempotency/persistence';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigurationError, OutcomeUnknownError, StoreError } from '../../lib/idempotency/errors.ts';
import { idempotent } from '../../lib/idempotency/wrapper.ts';
import { fromPersistenceLayer } from '../../lib/powertools/index.ts';
import type { InProgressRecord } from '../../lib/stores/idempotency-store.ts';
import { InProcessCache } from '../support/cache-client.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { lambdaContext } from '../support/events.ts';
import { describeStoreContract } from './store-contract.ts';

/** As simple as a layer can be that keeps what it is given; it does not bring back what it lost to. */
class MapLayer extends BasePersistenceLayer {
  readonly records = new Map<string, PowertoolsRecord>();

  protected async _putRecord(record: PowertoolsRecord): Promise<void> {
    const current = this.records.get(record.idempotencyKey);
    if (current !== undefined && !current.isExpired()) {
      throw Object.assign(new Error('exists'), { name: 'IdempotencyItemAlreadyExistsError' });
    }
    this.records.set(record.idempotencyKey, record);
  }

  protected async _getRecord(id: string): Promise<PowertoolsRecord> {
    const record = this.records.get(id);
    if (record === undefined) throw new IdempotencyItemNotFoundError();
    return record;
  }

  protected async _updateRecord(record: PowertoolsRecord): Promise<void> {
    this.records.set(record.idempotencyKey, record);
  }

  protected async _deleteRecord(record: PowertoolsRecord): Promise<void> {
    this.records.delete(record.idempotencyKey);
  }
}

let client: DynamoDBClient;
let tableName: string;
beforeAll(async () => {
  client = testClient();
  tableName = await createIdempotencyTable(client);
});
afterAll(() => client.destroy());

const dynamoDb = () => new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client });
const cache = () => new CachePersistenceLayer({ client: new InProcessCache() });
const partial = { partial: true };

describeStoreContract('DynamoDBPersistenceLayer', () => fromPersistenceLayer(dynamoDb()), partial);
describe('told to take over', () => {
  beforeAll(async () => {
    tableName = await createIdempotencyTable(client);
  });
  describeStoreContract(
    'DynamoDBPersistenceLayer',
    () => fromPersistenceLayer(dynamoDb(), { lapsedLeases: 'take-over' }),
    partial,
  );
});
describeStoreContract('CachePersistenceLayer', () => fromPersistenceLayer(cache()), partial);
describeStoreContract('a layer of the user', () => fromPersistenceLayer(new MapLayer()), partial);

let serial = 0;
function lock(changes: Partial<InProgressRecord> = {}): InProgressRecord {
  const nowMs = Date.now();
  return {
    id: `payments#${++serial}`,
    status: 'INPROGRESS',
    owner: `owner-${serial}`,
    attempt: 1,
    fingerprint: '',
    leaseEndsAtMs: nowMs + 600_000,
    expiresAtSeconds: Math.floor(nowMs / 1000) + 3600,
    ...changes,
  };
}
const lapsedLock = () => lock({ leaseEndsAtMs: Date.now() - 1 });

describe('a lease that is over', () => {
  test.each([
    ['DynamoDBPersistenceLayer', dynamoDb],
    ['CachePersistenceLayer', cache],
    ['a layer of the user', () => new MapLayer()],
  ])('blocks on %s: nobody acquires its key, and nobody takes it over', async (_, open) => {
    const store = fromPersistenceLayer(open());
    const lapsed = lapsedLock();
    await store.acquire(lapsed, 0);
    const next = lock({ id: lapsed.id, attempt: 2 });
    expect(await store.acquire(next, 0)).toEqual({ applied: false, current: lapsed });
    expect(await store.takeOver(next, lapsed)).toEqual({ applied: false, current: lapsed });
    expect(await store.read(lapsed.id)).toEqual(lapsed);
  });

  test('is taken over on DynamoDB where that is asked for, by one of twenty', async () => {
    const store = fromPersistenceLayer(dynamoDb(), { lapsedLeases: 'take-over' });
    const lapsed = lapsedLock();
    await store.acquire(lapsed, 0);
    const rivals = Array.from({ length: 20 }, () => lock({ id: lapsed.id, attempt: 2 }));
    const outcomes = await Promise.all(rivals.map((rival) => store.takeOver(rival, lapsed)));
    const winner = rivals.filter((_, index) => outcomes[index]?.applied);
    expect(winner).toHaveLength(1);
    expect(await store.read(lapsed.id)).toEqual(winner[0]);
  });

  test('is not taken over when its holder has completed, and never when it lives', async () => {
    const store = fromPersistenceLayer(dynamoDb(), { lapsedLeases: 'take-over' });
    const late = lapsedLock();
    await store.acquire(late, 0);
    await store.complete(late, { result: { kind: 'undefined' }, expiresAtSeconds: late.expiresAtSeconds });
    expect(await store.takeOver(lock({ id: late.id }), late)).toMatchObject({
      applied: false,
      current: { status: 'COMPLETED', owner: late.owner },
    });
    const alive = lock();
    await store.acquire(alive, 0);
    expect(await store.takeOver(lock({ id: alive.id }), alive)).toEqual({ applied: false, current: alive });
  });

  test('is not given back: a delete that arrives late could hit the lock of another', async () => {
    const store = fromPersistenceLayer(new MapLayer());
    const ending = lock({ leaseEndsAtMs: Date.now() + 4000 });
    await store.acquire(ending, 0);
    await expect(store.release(ending)).rejects.toThrow(StoreError);
    expect(await store.read(ending.id)).toEqual(ending);
  });
});

describe('what such a store cannot do is refused', () => {
  const store = () => fromPersistenceLayer(new MapLayer());
  const key = () => 'k';
  const blocking = { key, onUncertain: 'block' } as const;

  test('at cold start: taking over, renewed leases, a single write', () => {
    expect(() => idempotent(async () => 1, { store: store(), key })).toThrow(/onUncertain: 'block'/);
    expect(() => idempotent(async () => 1, { store: store(), ...blocking, renewedLeaseMs: 5000 })).toThrow(
      /"renewedLeaseMs" needs a store that can renew/,
    );
    expect(() => idempotent(async () => 1, { store: store(), key, strategy: 'single-write' })).toThrow(
      ConfigurationError,
    );
    expect(() =>
      idempotent(async () => 1, {
        store: fromPersistenceLayer(dynamoDb(), { lapsedLeases: 'take-over' }),
        key,
      }),
    ).not.toThrow();
  });

  test('before anything of a step has run', async () => {
    let effects = 0;
    const charge = idempotent<unknown, unknown>(
      async (_event, context) => {
        const { idempotency } = context as never as {
          idempotency: { step(name: string, fn: () => number): unknown };
        };
        return idempotency.step('charge', () => ++effects);
      },
      { store: store(), ...blocking, onEvent: () => {} },
    );
    await expect(charge({}, lambdaContext())).rejects.toThrow(/step needs a store that can record steps/);
    expect(effects).toBe(0);
  });

  test('a cache layer that shall take over, also one that is derived from it', () => {
    class OwnCache extends CachePersistenceLayer {}
    const layer = new OwnCache({ client: new InProcessCache() });
    expect(() => fromPersistenceLayer(layer, { lapsedLeases: 'take-over' })).toThrow(/cannot take over/);
  });

  test('a layer that Powertools uses already', async () => {
    const { IdempotencyConfig } = await import('@aws-lambda-powertools/idempotency');
    const layer = new MapLayer();
    layer.configure({ config: new IdempotencyConfig({}) });
    expect(() => fromPersistenceLayer(layer)).toThrow(/configured already/);
  });

  test.each([{ tableName: 'x' }, { lapsedLeases: 'retry' }, { maxResultBytes: 0.5 }])(
    'the option %j',
    (options) => {
      expect(() => fromPersistenceLayer(new MapLayer(), options as never)).toThrow(ConfigurationError);
    },
  );

  test('a record that is not one of its own, by saying so', async () => {
    const layer = new MapLayer();
    const foreign = new PowertoolsRecord({
      idempotencyKey: 'k',
      status: 'INPROGRESS',
      expiryTimestamp: 4e9,
      payloadHash: 'abc',
    });
    layer.records.set('k', foreign);
    await expect(fromPersistenceLayer(layer).read('k')).rejects.toThrow(/not one of this store/);
  });
});

test('a guarded function on a cache layer runs once, refuses beside, replays, and blocks after a crash', async () => {
  const store = fromPersistenceLayer(cache());
  const context = lambdaContext();
  let runs = 0;
  let finish = () => {};
  const options = { store, key: (id: string) => id, onUncertain: 'block', onEvent: () => {} } as const;
  const slow = idempotent(
    (_id: string) =>
      new Promise<number>((resolve) => {
        runs += 1;
        finish = () => resolve(runs);
      }),
    options,
  );
  const first = slow('o1', context);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(slow('o1', context)).rejects.toMatchObject({ code: 'IN_PROGRESS' });
  finish();
  expect(await first).toBe(1);
  expect(await slow('o1', context)).toBe(1);

  const dies = idempotent((_id: string) => new Promise<never>(() => {}), {
    ...options,
    leaseMs: 30,
    clockSkewMs: 5,
  });
  void dies('o2', undefined as never);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await expect(slow('o2', context)).rejects.toBeInstanceOf(OutcomeUnknownError);
  expect(runs).toBe(1);
});
