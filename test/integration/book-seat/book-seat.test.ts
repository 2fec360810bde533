/** Many users, one seat: who gets it, and what the others are told. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { holdIdOf, problemOf, useTheatre } from './theatre.ts';

const HELD = [409, 'urn:book-seat:problem:seat-held'];
const BOOKED = [409, 'urn:book-seat:problem:seat-booked'];
const HOLD_OVER = [409, 'urn:book-seat:problem:hold-over'];
const HOLD_MS = 120_000;
/** By how much the clocks of two functions may differ. */
const SKEW_MS = 1_000;

const its = useTheatre();
let show: string;
beforeEach(() => {
  show = randomUUID();
  its.theatre.events.length = 0;
});

const hold = (seatId = 'A1', key?: string) =>
  its.theatre.hold(show, seatId, key === undefined ? {} : { key });
const book = (holdId: string, seatId = 'A1', key?: string) =>
  its.theatre.book(show, seatId, holdId, key === undefined ? {} : { key });
const statusOf = async (seatId = 'A1') => (await its.theatre.list(show))[seatId]?.status;
const seen = () => its.theatre.events.map(({ type }) => type);

test('a seat is for sale, is held, and is booked', async () => {
  expect(await statusOf()).toBe('for-sale');
  const held = await hold();
  expect(held.statusCode).toBe(201);
  expect(JSON.parse(held.body)).toEqual({
    showId: show,
    seatId: 'A1',
    holdId: expect.stringMatching(/^[\da-f-]{36}$/),
    heldUntil: new Date(its.theatre.nowMs + HOLD_MS).toISOString(),
  });
  expect(await its.theatre.list(show)).toMatchObject({
    A1: { status: 'held', heldUntil: new Date(its.theatre.nowMs + HOLD_MS).toISOString() },
    A2: { status: 'for-sale' },
  });
  const booked = await book(holdIdOf(held));
  expect(booked.statusCode).toBe(201);
  expect(JSON.parse(booked.body)).toEqual({ showId: show, seatId: 'A1', bookingId: expect.any(String) });
  expect(await statusOf()).toBe('booked');
});

describe('a retry, with the same key,', () => {
  test('of the one who holds the seat gives the same hold', async () => {
    const key = randomUUID();
    const first = await hold('A1', key);
    its.theatre.nowMs += 30_000;
    const retry = await hold('A1', key);
    expect(retry).toMatchObject({
      statusCode: 200,
      body: first.body,
      headers: { 'Idempotent-Replayed': 'true' },
    });
    expect(seen()).toEqual(['completed', 'replayed']);
  });

  test('of the one who has booked gives the same booking', async () => {
    const key = randomUUID();
    const holdId = holdIdOf(await hold());
    const first = await book(holdId, 'A1', key);
    expect(await book(holdId, 'A1', key)).toMatchObject({ statusCode: 200, body: first.body });
    expect(await its.theatre.rows(show)).toHaveLength(1);
  });

  test('of one who came too late gives the same refusal, though the seat is for sale again', async () => {
    await hold();
    const key = randomUUID();
    const refusal = await hold('A1', key);
    its.theatre.nowMs += HOLD_MS + SKEW_MS;
    expect(await hold('A1', key)).toMatchObject({ statusCode: 409, body: refusal.body });
    expect(await statusOf()).toBe('for-sale');
  });

  test('sent at the same time as the first takes one hold', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => hold('A1', key)));
    const holds = new Set(answers.map(holdIdOf));
    expect([...holds]).toHaveLength(1);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 200, 201]);
  });
});

describe('others, with keys of their own,', () => {
  test('are told that the seat is held, and for how long', async () => {
    await hold();
    its.theatre.nowMs += 20_500;
    const refused = await hold();
    expect(problemOf(refused)).toEqual(HELD);
    expect(refused.headers['Retry-After']).toBe('100');
    expect(refused.headers['Content-Type']).toBe('application/problem+json');
  });

  test('are told that the seat is booked', async () => {
    await book(holdIdOf(await hold()));
    const refused = await hold();
    expect(problemOf(refused)).toEqual(BOOKED);
    expect(refused.headers).not.toHaveProperty('Retry-After');
  });

  test('of whom many ask at once, leave it to one', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => hold()));
    const winners = answers.filter(({ statusCode }) => statusCode === 201);
    const losers = answers.filter(({ statusCode }) => statusCode !== 201);
    expect(winners).toHaveLength(1);
    for (const loser of losers) expect(problemOf(loser)).toEqual(HELD);
  });

  test('cannot book what they do not hold, whatever they have guessed', async () => {
    await hold();
    expect(problemOf(await book('guessed'))).toEqual(HOLD_OVER);
    expect(problemOf(await book(holdIdOf(await hold('A2')), 'A1'))).toEqual(HOLD_OVER);
    expect(await statusOf()).toBe('held');
  });
});

describe('a hold that nobody books', () => {
  test('returns to sale by itself, a moment after its own user has lost it', async () => {
    const holdId = holdIdOf(await hold());
    its.theatre.nowMs += HOLD_MS;
    // For clocks that differ: nobody has the seat now.
    expect(problemOf(await book(holdId))).toEqual(HOLD_OVER);
    expect(problemOf(await hold())).toEqual(HELD);
    its.theatre.nowMs += SKEW_MS;
    expect(await statusOf()).toBe('for-sale');
    const next = await hold();
    expect(next.statusCode).toBe(201);
    expect(problemOf(await book(holdId))).toEqual(HOLD_OVER);
    expect((await book(holdIdOf(next))).statusCode).toBe(201);
  });

  test('can be booked in its last millisecond', async () => {
    const holdId = holdIdOf(await hold());
    its.theatre.nowMs += HOLD_MS - 1;
    expect((await book(holdId)).statusCode).toBe(201);
  });
});

test('a hold that is booked under a second key, as after a reload, is the same booking', async () => {
  const holdId = holdIdOf(await hold());
  const first = await book(holdId);
  expect(await book(holdId)).toMatchObject({ statusCode: 200, body: first.body });
  its.theatre.nowMs += 2 * HOLD_MS;
  expect(await book(holdId)).toMatchObject({ statusCode: 200, body: first.body });
});

describe('a request that makes no sense', () => {
  test.each(['F1', 'A11', 'A0', 'a1', '', '__proto__'])(
    'is refused for a seat that there is not: %p',
    async (seatId) => {
      expect(problemOf(await hold(seatId))).toEqual([404, 'urn:book-seat:problem:no-such-seat']);
    },
  );

  test.each(['', '-', 'a b', 'x'.repeat(65)])('is refused for a show that cannot be: %p', async (showId) => {
    const invalid = [400, 'urn:book-seat:problem:invalid-request'];
    expect(problemOf(await its.theatre.hold(showId, 'A1'))).toEqual(invalid);
    expect(problemOf(await its.theatre.listing(showId))).toEqual(invalid);
  });

  test.each([
    ['no JSON', 'holdId'],
    ['a list', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['an object without it', {}],
    ['a number', { holdId: 1 }],
    ['an empty one', { holdId: '' }],
    ['a long one', { holdId: 'x'.repeat(65) }],
  ])('is refused for a hold that is %s', async (_, body) => {
    expect(problemOf(await its.theatre.book(show, 'A1', undefined, { body }))).toEqual([
      400,
      'urn:book-seat:problem:invalid-request',
    ]);
  });

  test('can be corrected and sent with the same key', async () => {
    const key = randomUUID();
    const holdId = holdIdOf(await hold());
    await its.theatre.book(show, 'A1', '', { key });
    expect((await its.theatre.book(show, 'A1', holdId, { key })).statusCode).toBe(201);
  });
});
