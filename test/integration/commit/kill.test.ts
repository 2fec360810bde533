/** Whatever point a handler is killed at: no row and no completed key, or exactly one row and a completed key. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { IdempotencyEvent, Strategy } from '../../../lib/index.ts';
import { startTethered } from '../../../lib/local/tethered-process.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import { childEnvironment } from '../../support/child-environment.ts';
import { createCartTable, createIdempotencyTable, testClient, testEndpoint } from '../../support/dynamodb.ts';
import { runUntilKilled } from '../../support/kill-points.ts';
import { type OrderAnswer, orderService, REMAINING_MS, rowsOf } from './order-service.ts';

/** A process of its own takes seconds to start on a busy machine. */
jest.setTimeout(60_000);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LEASE_MS = REMAINING_MS + 1_000;

const SINGLE_WRITE_POINTS = [
  'before commit()',
  'after commit()',
  'before TransactWriteItems',
  'after TransactWriteItems',
];
/** Where a handler can be killed. A lock is acquired before all else. */
const POINTS: Readonly<Record<Strategy, readonly string[]>> = {
  lock: ['before PutItem', 'after PutItem', ...SINGLE_WRITE_POINTS],
  'single-write': SINGLE_WRITE_POINTS,
};
const CASES = (['lock', 'single-write'] as const).flatMap((strategy) =>
  POINTS[strategy].map((name, index) => ({ strategy, name, killAt: index + 1 })),
);

let client: DynamoDBClient;
let tables: { readonly idempotencyTable: string; readonly cartTable: string };

beforeAll(async () => {
  client = testClient();
  tables = {
    idempotencyTable: await createIdempotencyTable(client),
    cartTable: await createCartTable(client),
  };
});
afterAll(() => client.destroy());

async function statusOf(id: string | undefined): Promise<string | undefined> {
  if (id === undefined) return undefined;
  return (await new DynamoDbStore({ tableName: tables.idempotencyTable, client }).read(id))?.status;
}

/** A later request with the same key, when every lease of earlier ones is over. */
async function sendLater(
  strategy: Strategy,
  key: string,
  cartId: string,
): Promise<{ answer: OrderAnswer; id: string | undefined }> {
  let id: string | undefined;
  const send = orderService({
    ...tables,
    client,
    options: {
      strategy,
      now: () => Date.now() + LEASE_MS,
      onEvent: (event: IdempotencyEvent) => {
        if ('id' in event) id = event.id;
      },
    },
  });
  return { answer: await send(key, cartId), id };
}

async function expectOneRowAndItsAnswer(strategy: Strategy, key: string, cartId: string): Promise<void> {
  const { answer, id } = await sendLater(strategy, key, cartId);
  const rows = await rowsOf(client, tables.cartTable, cartId);
  expect(rows).toHaveLength(1);
  expect([200, 201]).toContain(answer.statusCode);
  expect(JSON.parse(answer.body)).toEqual({ cartId, lineId: rows[0] });
  expect(await statusOf(id)).toBe('COMPLETED');
  const { answer: replayed } = await sendLater(strategy, key, cartId);
  expect(replayed).toMatchObject({ statusCode: 200, body: answer.body });
  expect(await rowsOf(client, tables.cartTable, cartId)).toEqual(rows);
}

describe('a handler that is killed', () => {
  test.each(CASES)("with strategy '$strategy', $name", async ({ strategy, name, killAt }) => {
    const key = randomUUID();
    const cartId = randomUUID();
    let id: string | undefined;
    const survival = await runUntilKilled(killAt, async (points) => {
      const mortal = testClient();
      points.watch(mortal);
      const send = orderService({
        ...tables,
        client: mortal,
        pass: (point) => points.pass(point),
        options: {
          strategy,
          onEvent: (event) => {
            if ('id' in event) id = event.id;
          },
        },
      });
      return send(key, cartId);
    });
    expect(survival).toEqual({ kind: 'killed', at: name });

    const rows = await rowsOf(client, tables.cartTable, cartId);
    const isApplied = name === 'after TransactWriteItems';
    expect(rows).toHaveLength(isApplied ? 1 : 0);
    if (id !== undefined) expect(await statusOf(id)).toBe(isApplied ? 'COMPLETED' : 'INPROGRESS');
    await expectOneRowAndItsAnswer(strategy, key, cartId);
  });

  test.each(['lock', 'single-write'] as const)(
    'with %p at no point passes these and no others',
    async (strategy) => {
      const points = POINTS[strategy];
      const survival = await runUntilKilled(points.length + 1, async (killPoints) => {
        const watched = testClient();
        killPoints.watch(watched);
        const pass = (point: string) => killPoints.pass(point);
        const send = orderService({ ...tables, client: watched, pass, options: { strategy } });
        await send(randomUUID(), randomUUID());
        watched.destroy();
        return killPoints.reached;
      });
      expect(survival).toEqual({ kind: 'survived', result: points, points: points.length });
    },
  );
});

describe('a process that is killed by the system', () => {
  test.each(['before TransactWriteItems', 'after TransactWriteItems'])('%s', async (name) => {
    const key = randomUUID();
    const cartId = randomUUID();
    let output = '';
    const victim = startTethered({
      command: process.execPath,
      args: ['--import', 'tsx', 'test/integration/commit/victim.ts'],
      cwd: ROOT,
      env: {
        ...childEnvironment(),
        VICTIM: JSON.stringify({
          endpoint: testEndpoint(),
          ...tables,
          key,
          cartId,
          killAt: POINTS.lock.indexOf(name) + 1,
        }),
      },
      onOutput: (chunk) => {
        output += chunk;
      },
    });
    await victim.exited;
    expect(output).toBe(`killed ${name}\n`);

    const rows = await rowsOf(client, tables.cartTable, cartId);
    expect(rows).toHaveLength(name === 'after TransactWriteItems' ? 1 : 0);
    await expectOneRowAndItsAnswer('lock', key, cartId);
  });
});
