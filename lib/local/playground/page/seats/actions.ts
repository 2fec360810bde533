/** What can be done on the page. */

import { order, refreshSeats } from './box-office.ts';
import { holds, isRushing, seats, USERS, type User, user } from './theatre.ts';

const RUSH_USERS = 100;

/** Books what one holds, and holds what one does not: also what others hold, to see what becomes of it. */
export async function choose(seatId: string): Promise<void> {
  const hold = holdOf(user.value, seatId);
  await order(user.value, seatId, hold === undefined ? 'hold' : 'book', hold);
}

/** The same seat, at the same moment. */
export async function everybodyAtOnce(): Promise<void> {
  const [seatId] = freeSeats();
  if (seatId === undefined) return;
  await Promise.all(USERS.map((name) => order(name, seatId, 'hold')));
}

/** A hundred users, each of whom looks for a seat, holds it and books it, until there is none. */
export async function rush(): Promise<void> {
  if (isRushing.value) return;
  isRushing.value = true;
  try {
    await Promise.all(Array.from({ length: RUSH_USERS }, (_, index) => buyOne(`user-${index + 1}`)));
  } finally {
    isRushing.value = false;
  }
}

async function buyOne(name: User): Promise<void> {
  for (;;) {
    const free = freeSeats();
    const seatId = free[Math.floor(Math.random() * free.length)];
    if (seatId === undefined) return;
    const outcome = await order(name, seatId, 'hold');
    if (outcome === 'failed') return;
    const hold = holds.value[seatId];
    if (outcome === 'won' && hold?.user === name) {
      await order(name, seatId, 'book', hold.holdId);
      return;
    }
    // Somebody was quicker; what is left now?
    await refreshSeats();
  }
}

function freeSeats(): string[] {
  return Object.entries(seats.value).flatMap(([seatId, { status }]) =>
    status === 'for-sale' ? [seatId] : [],
  );
}

/** What `name` can book, as far as this page knows. */
function holdOf(name: User, seatId: string): string | undefined {
  const hold = holds.value[seatId];
  return hold?.user === name && seats.value[seatId]?.status === 'held' ? hold.holdId : undefined;
}
