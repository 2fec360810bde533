/**
 * Two servers with a database each, and one store for locks and records: the moments that docs/many-servers.md speaks of, each
 * by itself. `npm run chaos:servers` meets them by chance, with real processes.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DynamoDbStore, type IdempotentContext, idempotent, outcomeUnknown } from '../../../lib/index.ts';
import { LOCAL_SETTINGS } from '../../../lib/local/engine-client.ts';
import { type Database, type PlacementName, placementOf } from '../../chaos/placements.ts';
import { scanAll } from '../../chaos/scan.ts';
import { createCartTable, createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';

/** Of the invocation, which is how long its lease lasts, and the margin of clocks. */
const REMAINING_MS = 10_000;
const LEASE_AND_MORE_MS = REMAINING_MS + 1_001;

const OPERATION = { cartId: 'cart-1', sku: 'apple', quantity: 1 };
const EVENT = { body: JSON.stringify(OPERATION) };

let client: DynamoDBClient;
let unreachable: DynamoDBClient;
let idempotencyTable: string;
let databases: readonly [Database, Database];
let nowMs: number;
let serial = 0;

beforeAll(async () => {
  client = testClient();
  // Nobody listens there.
  unreachable = new DynamoDBClient({
    endpoint: 'http://127.0.0.1:1',
    ...LOCAL_SETTINGS,
    maxAttempts: 1,
  });
  idempotencyTable = await createIdempotencyTable(client);
});
afterAll(() => {
  client.destroy();
  unreachable.destroy();
});
beforeEach(async () => {
  databases = [
    { client, tableName: await createCartTable(client) },
    { client, tableName: await createCartTable(client) },
  ];
  nowMs = 1_800_000_000_000;
  serial += 1;
});

interface Moments {
  readonly beforeRow?: () => Promise<void>;
  readonly afterRow?: () => Promise<void>;
}

/** The guarded handler as the server with this number runs it. */
function server(own: number, placement: PlacementName, reachable: readonly Database[] = databases) {
  const { cartOf, onUncertain } = placementOf(placement, reachable, own);
  const blocks = placement === 'own database, block';
  return async (moments: Moments = {}): Promise<unknown> => {
    const addLine = async (_event: typeof EVENT, { idempotency }: IdempotentContext) => {
      try {
        const cart = await cartOf(idempotency);
        await moments.beforeRow?.();
        const line = await cart.addLine({ lineId: idempotency.deriveKey('cart-line'), ...OPERATION });
        await moments.afterRow?.();
        return { lineId: line.lineId };
      } catch (error) {
        // Some effect may be there.
        throw outcomeUnknown(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const guarded = idempotent(addLine, {
      key: () => `operation ${serial}`,
      namespace: 'many-servers',
      store: new DynamoDbStore({ tableName: idempotencyTable, client }),
      onUncertain: blocks ? 'block' : (onUncertain ?? 'retry'),
      onEvent: () => {},
      now: () => nowMs,
    });
    return guarded(EVENT, lambdaContext(REMAINING_MS) as IdempotentContext);
  };
}

const dies = { afterRow: () => Promise.reject(new Error('the server dies behind its row')) };

async function rowsIn(): Promise<number[]> {
  const counts = databases.map(async (database) => {
    const rows = await scanAll(DynamoDBDocumentClient.from(database.client), database.tableName);
    return rows.length;
  });
  return Promise.all(counts);
}

describe('a server that dies between its row and the record, and a retry that comes to another', () => {
  test('home step: the other one finds the row where it is, and there is one', async () => {
    await expect(server(0, 'home step')(dies)).rejects.toThrow();
    nowMs += LEASE_AND_MORE_MS;
    const answer = await server(1, 'home step')();
    expect(await rowsIn()).toEqual([1, 0]);
    expect(await server(0, 'home step')()).toEqual(answer);
  });

  test('own database: there are two, although each of them was put on condition that it is new', async () => {
    await expect(server(0, 'own database')(dies)).rejects.toThrow();
    nowMs += LEASE_AND_MORE_MS;
    await server(1, 'own database')();
    expect(await rowsIn()).toEqual([1, 1]);
  });

  test('block: there is one, and nobody is ever given the result', async () => {
    await expect(server(0, 'own database, block')(dies)).rejects.toThrow();
    nowMs += LEASE_AND_MORE_MS;
    await expect(server(1, 'own database, block')()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await rowsIn()).toEqual([1, 0]);
  });

  test('look around: the other one finds the row, and there is one', async () => {
    await expect(server(0, 'own database, look around')(dies)).rejects.toThrow();
    nowMs += LEASE_AND_MORE_MS;
    await server(1, 'own database, look around')();
    expect(await rowsIn()).toEqual([1, 0]);
  });
});

describe('a server that is frozen in front of its row until another one has finished', () => {
  const thawsLate = (placement: PlacementName) => ({
    beforeRow: async () => {
      nowMs += LEASE_AND_MORE_MS;
      await server(1, placement)();
    },
  });

  test('home step: both write to one database, whose condition refuses the second', async () => {
    await server(0, 'home step')(thawsLate('home step'));
    expect(await rowsIn()).toEqual([1, 0]);
  });

  test('look around: nothing was there to be found, and the row comes later', async () => {
    await server(0, 'own database, look around')(thawsLate('own database, look around'));
    expect(await rowsIn()).toEqual([1, 1]);
  });
});

test('home step: while the home database cannot be reached nothing is put anywhere else, and it is finished later', async () => {
  const stopsBeforeRow = { beforeRow: () => Promise.reject(new Error('the server dies')) };
  await expect(server(0, 'home step')(stopsBeforeRow)).rejects.toThrow();
  nowMs += LEASE_AND_MORE_MS;
  const homeIsGone = [{ ...databases[0], client: unreachable }, databases[1]];
  await expect(server(1, 'home step', homeIsGone)()).rejects.toThrow();
  expect(await rowsIn()).toEqual([0, 0]);
  nowMs += LEASE_AND_MORE_MS;
  await server(1, 'home step')();
  expect(await rowsIn()).toEqual([1, 0]);
});
