/** The checkout sample, killed at every point of its way: one reservation, one charge, one order, and the same answer. */
import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import type { Payments } from '../../../functions/checkout/payments.ts';
import { testClient } from '../../support/dynamodb.ts';
import { type KillPoints, runUntilKilled } from '../../support/kill-points.ts';
import { type Answer, LEASE_MS, STOCKED, useShop } from './shop.ts';

jest.setTimeout(60_000);

/** Each request to the database and each charge, before and after. */
const POINTS = [
  'before PutItem', // acquire
  'after PutItem',
  'before GetItem', // the article's price
  'after GetItem',
  'before TransactWriteItems', // the reservation
  'after TransactWriteItems',
  'before UpdateItem', // its step
  'after UpdateItem',
  'before charge',
  'after charge',
  'before UpdateItem', // its step
  'after UpdateItem',
  'before TransactWriteItems', // the order, and the completion
  'after TransactWriteItems',
];

const its = useShop();

const ONE_OF_EACH = { available: STOCKED - 2, reservations: 1, orders: 1, charges: 1 };

/** One attempt, which dies at its `killAt`-th point, some leases after the first. */
async function attempt(key: string, killAt: number, leases = 0) {
  const mortal = testClient();
  const survival = await runUntilKilled(killAt, async (points) => {
    points.watch(mortal);
    return its.shop.order(
      { key },
      {
        client: mortal,
        observed: (observed) => withPoints(observed, points),
        options: { now: () => Date.now() + leases * LEASE_MS },
      },
    );
  });
  mortal.destroy();
  return survival;
}

function withPoints(observed: Payments, points: KillPoints): Payments {
  return {
    async charge(order) {
      await points.pass('before charge');
      const charge = await observed.charge(order);
      await points.pass('after charge');
      return charge;
    },
  };
}

async function expectReplay(key: string, answer: Answer, leases: number): Promise<void> {
  const replay = await attempt(key, Number.POSITIVE_INFINITY, leases);
  expect(replay).toMatchObject({
    kind: 'survived',
    result: { statusCode: 200, body: answer.body, headers: { 'Idempotent-Replayed': 'true' } },
  });
  expect(await its.shop.books()).toEqual(ONE_OF_EACH);
}

test('a checkout that nobody kills passes these points and no others', async () => {
  let reached: readonly string[] = [];
  const survival = await runUntilKilled(Number.POSITIVE_INFINITY, async (points) => {
    const watched = testClient();
    points.watch(watched);
    const answer = await its.shop.order(
      { key: randomUUID() },
      { client: watched, observed: (observed) => withPoints(observed, points) },
    );
    watched.destroy();
    reached = points.reached;
    return answer;
  });
  expect(reached).toEqual(POINTS);
  expect(survival).toMatchObject({ kind: 'survived', result: { statusCode: 201 } });
  expect(await its.shop.books()).toEqual(ONE_OF_EACH);
});

describe('a checkout that dies', () => {
  test.each(POINTS.map((name, index) => ({ name, killAt: index + 1 })))(
    'at point $killAt ($name): a retry finishes it, and makes nothing twice',
    async ({ name, killAt }) => {
      const key = randomUUID();
      expect(await attempt(key, killAt)).toEqual({ kind: 'killed', at: name });
      const isOrdered = killAt === POINTS.length;
      expect((await its.shop.books()).orders).toBe(isOrdered ? 1 : 0);

      const retry = await attempt(key, Number.POSITIVE_INFINITY, 1);
      if (retry.kind !== 'survived') throw new Error('The retry was not to be killed.');
      expect(retry.result.statusCode).toBe(isOrdered ? 200 : 201);
      expect(await its.shop.books()).toEqual(ONE_OF_EACH);
      await expectReplay(key, retry.result, 2);
    },
  );

  test('again and again, each attempt a point further on its way, is finished by the last', async () => {
    const key = randomUUID();
    for (let leases = 0; leases < 2 * POINTS.length; leases++) {
      const survival = await attempt(key, leases + 1, leases);
      if (survival.kind === 'killed') continue;
      expect(leases).toBeGreaterThan(2);
      expect(await its.shop.books()).toEqual(ONE_OF_EACH);
      return expectReplay(key, survival.result, leases + 1);
    }
    throw new Error('No attempt survived.');
  });

  test('behind its charge, is not charged again where the step was recorded', async () => {
    const key = randomUUID();
    const behindTheStep = POINTS.lastIndexOf('after UpdateItem') + 1;
    await attempt(key, behindTheStep);
    expect(its.payments.requests).toBe(1);
    await attempt(key, Number.POSITIVE_INFINITY, 1);
    expect(its.payments.requests).toBe(1);
  });
});
