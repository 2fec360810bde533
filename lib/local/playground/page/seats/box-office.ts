/** Requests to the sample API, in the name of one user, and what is made of the answers. */

import type { SeatStatus } from '../../../../../functions/book-seat/seat.ts';
import { createIdempotentFetch, deliveryOf } from '../../../../client/index.ts';
import { createRefresher } from '../freshness.ts';
import { buyers, holds, type Outcome, seats, showId, tell, type User } from './theatre.ts';

const send = createIdempotentFetch({ tryTimeoutMs: 5_000, deadlineMs: 20_000 });

/** A request that may be sent again: with the key that it was given. */
export interface Order {
  readonly user: User;
  readonly seatId: string;
  readonly wish: 'hold' | 'book';
  readonly key: string;
  /** Of the one that is to be booked. */
  readonly holdId?: string;
}

/** What all answers of the two functions have among them. */
interface AnswerBody {
  readonly holdId?: string;
  readonly bookingId?: string;
  readonly title?: string;
  readonly detail?: string;
}

let last: Order | undefined;

/** A new order, with a new key. */
export function order(user: User, seatId: string, wish: Order['wish'], holdId?: string): Promise<Outcome> {
  last = { user, seatId, wish, key: crypto.randomUUID(), ...(holdId === undefined ? {} : { holdId }) };
  return place(last);
}

/** The last order once more, with the key that it had. */
export async function repeat(): Promise<void> {
  if (last !== undefined) await place(last);
}

async function place({ user, seatId, wish, key, holdId }: Order): Promise<Outcome> {
  try {
    const response = await send(
      `/shows/${showId}/seats/${seatId}/${wish === 'hold' ? 'holds' : 'bookings'}`,
      {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Idempotency-Key': key,
          'x-demo-tenant': user,
        },
        body: JSON.stringify(wish === 'hold' ? {} : { holdId }),
      },
    );
    const body = (await response.json()) as AnswerBody;
    if (body.holdId !== undefined) holds.value = { ...holds.value, [seatId]: { user, holdId: body.holdId } };
    if (body.bookingId !== undefined) buyers.value = { ...buyers.value, [seatId]: user };
    const outcome = outcomeOf(response);
    tell(outcome, sentence({ user, seatId, wish }, outcome, response, body));
    return outcome;
  } catch (error) {
    tell('failed', `${user}, seat ${seatId}: ${error instanceof Error ? error.message : String(error)}`);
    return 'failed';
  } finally {
    void refreshSeats();
  }
}

function outcomeOf(response: Response): Outcome {
  if (deliveryOf(response)?.replayed === true) return 'replayed';
  if (response.ok) return 'won';
  return response.status === 409 ? 'refused' : 'failed';
}

function sentence(
  { user, seatId, wish }: Pick<Order, 'user' | 'seatId' | 'wish'>,
  outcome: Outcome,
  response: Response,
  { title, detail }: AnswerBody,
): string {
  const isReplay = outcome === 'replayed';
  const again = isReplay ? 'The same answer again, and nothing was done: ' : '';
  if (response.ok) {
    const what = wish === 'hold' ? `${user} holds ${seatId}` : `${user} has booked ${seatId}`;
    return `${again}${what} (${response.status}).`;
  }
  const wait = response.headers.get('Retry-After');
  // What was recorded then says nothing of now.
  const until = wait === null || isReplay ? '' : ` It may be free in ${wait} s.`;
  return `${again}${user}, seat ${seatId}: ${title ?? 'no answer to make sense of'} (${response.status}). ${detail ?? ''}${until}`;
}

/** Asks for all seats of the show. */
export const refreshSeats = createRefresher(async () => {
  try {
    const response = await fetch(`/shows/${showId}/seats`);
    // What our own server answers.
    if (!response.ok) return;
    const answer = (await response.json()) as { readonly seats: Readonly<Record<string, SeatStatus>> };
    seats.value = answer.seats;
  } catch {
    // The server is gone for the moment; the stream's reconnection looks again.
  }
});
