/** 500 users want 50 seats at once; some send everything twice, and some go away when they hold one. */
import { randomUUID } from 'node:crypto';
import { expect, jest, test } from '@jest/globals';
import { SEAT_IDS } from '../../../functions/book-seat/seat.ts';
import { type Answer, holdIdOf, problemOf, seatsOf, useTheatre } from './theatre.ts';

jest.setTimeout(180_000);

const USERS = 500;
const LEAVE = 20;
const show = randomUUID();
const its = useTheatre();

interface Booking {
  readonly seatId: string;
  readonly bookingId: string;
}

/** With so many at once, an engine may be late, or turn a transaction away more often than is tried: the same again, then. */
async function answered(send: () => Promise<Answer>): Promise<Answer> {
  const answer = await send();
  return answer.statusCode >= 500 ? answered(send) : answer;
}

/** Looks, holds one of the seats that are for sale, books it; tries another one if somebody was quicker. */
async function user(number: number): Promise<Booking | 'has left' | 'found none'> {
  const sendsTwice = number % 3 === 0;
  const sent = async (send: () => Promise<Answer>): Promise<Answer> => {
    const answers = await Promise.all(Array.from({ length: sendsTwice ? 2 : 1 }, () => answered(send)));
    // Whichever of the two runs, both are told the same.
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    return answers[0] as Answer;
  };

  for (;;) {
    const seats = seatsOf(await answered(() => its.theatre.listing(show)));
    const free = Object.entries(seats).filter(([, { status }]) => status === 'for-sale');
    const [seatId] = free[Math.floor(Math.random() * free.length)] ?? [];
    if (seatId === undefined) return 'found none';
    const holdKey = randomUUID();
    const held = await sent(() => its.theatre.hold(show, seatId, { key: holdKey }));
    if (held.statusCode >= 400) {
      expect(problemOf(held)[1]).toMatch(/^urn:book-seat:problem:seat-(held|booked)$/);
      continue;
    }
    if (number < LEAVE) return 'has left';
    const bookKey = randomUUID();
    const booked = await sent(() => its.theatre.book(show, seatId, holdIdOf(held), { key: bookKey }));
    expect([200, 201]).toContain(booked.statusCode);
    return { seatId, ...(JSON.parse(booked.body) as { readonly bookingId: string }) };
  }
}

test('50 bookings, no seat twice, and every seat is sold in the end', async () => {
  const atOnce = await Promise.all(Array.from({ length: USERS }, (_, number) => user(number)));
  // Those who left have blocked some seats for a while.
  its.theatre.nowMs += 10 * 60_000;
  const later = await Promise.all(Array.from({ length: LEAVE }, (_, number) => user(USERS + number)));

  const bookings = [...atOnce, ...later].filter((end) => typeof end === 'object');
  expect(bookings).toHaveLength(50);
  expect(new Set(bookings.map(({ seatId }) => seatId)).size).toBe(50);
  const rows = await its.theatre.rows(show);
  expect(rows.map(({ seatId, bookingId }) => `${seatId} ${bookingId}`).sort()).toEqual(
    bookings.map(({ seatId, bookingId }) => `${seatId} ${bookingId}`).sort(),
  );
  expect(rows.map(({ seatId }) => seatId).sort()).toEqual([...SEAT_IDS].sort());
});
