import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type IdempotentContext, idempotency } from '../../lib/index.ts';
import { problemAnswers } from '../problem-answers.ts';
import type { SeatDependencies } from './hold-seat.ts';
import { readHoldId, readPlace } from './request.ts';
import { holdIsOver, rowOf, SERVICE, seatTaken } from './taken.ts';

/** `POST /shows/{showId}/seats/{seatId}/bookings`: sells a seat to whoever holds it. A hold becomes one booking at most. */
export function createBookSeatHandler({
  seats,
  logger,
  now = Date.now,
  idempotencyOptions,
}: SeatDependencies) {
  async function bookSeat(
    event: APIGatewayProxyEventV2,
    { idempotency: { commit, deriveKey } }: IdempotentContext,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const place = readPlace(event);
    const holdId = readHoldId(event);
    const nowMs = now();
    const bookingId = deriveKey('booking');
    commit([seats.book(place, holdId, bookingId, nowMs)], {
      onConditionFailed: (error) => {
        const row = rowOf(error);
        if (row.bookingId === undefined) return holdIsOver();
        // The same hold under another key: a client that has lost its first one, after a reload for instance.
        if (row.holdId === holdId) return booked(200, row.bookingId);
        return seatTaken(row, nowMs);
      },
    });
    return booked(201, bookingId);

    function booked(statusCode: number, id: string): APIGatewayProxyStructuredResultV2 {
      return {
        statusCode,
        headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
        body: JSON.stringify({ ...place, bookingId: id }),
      };
    }
  }

  return middy(bookSeat)
    .use(idempotency({ namespace: 'book-seat', strategy: 'single-write', ...idempotencyOptions }))
    .use(problemAnswers({ logger, service: SERVICE }));
}
