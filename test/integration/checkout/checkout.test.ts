/** The business side of the checkout sample: what is not ordered, and what a retry makes of it. */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { STOCKED, useShop } from './shop.ts';

const its = useShop();

const order = (changes: object) => ({ sku: 'apple', quantity: 2, cardToken: 'card_1', ...changes });
const problemOf = ({ statusCode, body }: { statusCode: number; body: string }) => [
  statusCode,
  (JSON.parse(body) as { type?: string }).type,
];

test('an order that cannot be filled orders nothing, and the same key may be filled later', async () => {
  const key = randomUUID();
  const tooMany = order({ quantity: STOCKED + 1 });
  expect(problemOf(await its.shop.order({ key, body: tooMany }))).toEqual([
    409,
    'urn:checkout:problem:out-of-stock',
  ]);
  expect(await its.shop.books()).toEqual({ available: STOCKED, reservations: 0, orders: 0, charges: 0 });
  expect(its.shop.events.at(-1)).toMatchObject({ type: 'released' });
  expect((await its.shop.order({ key })).statusCode).toBe(201);
});

test('an unknown article and a malformed order are refused', async () => {
  expect(problemOf(await its.shop.order({ key: randomUUID(), body: order({ sku: 'pear' }) }))).toEqual([
    404,
    'urn:checkout:problem:unknown-article',
  ]);
  const malformed = order({ quantity: 0, cardToken: '' });
  const answer = await its.shop.order({ key: randomUUID(), body: malformed });
  expect(problemOf(answer)).toEqual([400, 'urn:checkout:problem:invalid-request']);
  expect(answer.body).toMatch(/quantity must be .* cardToken must be/);
});

test('a card that is declined puts the articles back; a retry gets the same answer and asks nobody', async () => {
  const key = randomUUID();
  const body = order({ cardToken: 'declined' });
  const answer = await its.shop.order({ key, body });
  expect(problemOf(answer)).toEqual([402, 'urn:checkout:problem:card-declined']);
  expect(await its.shop.books()).toEqual({ available: STOCKED, reservations: 0, orders: 0, charges: 0 });
  expect(await its.shop.order({ key, body })).toMatchObject({ statusCode: 402, body: answer.body });
  expect(its.payments.requests).toBe(1);
});

test('a payment service that is broken keeps the reservation; a retry goes on behind it', async () => {
  const key = randomUUID();
  const body = order({ cardToken: 'broken' });
  expect(problemOf(await its.shop.order({ key, body }))).toEqual([
    500,
    'urn:checkout:problem:internal-error',
  ]);
  expect(its.shop.events.at(-1)).toMatchObject({ type: 'suspended' });
  await its.shop.order({ key, body });
  expect(its.shop.events).toContainEqual(
    expect.objectContaining({ type: 'step-skipped', step: 'reserve-stock', attempt: 2 }),
  );
  expect(await its.shop.books()).toEqual({ available: STOCKED - 2, reservations: 1, orders: 0, charges: 0 });
});
