/** What those are told who come too late. Each is a 409 of the seat, and none of them one of the idempotency key. */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CommitConditionError } from '../../lib/index.ts';
import { ProblemError, problemAnswer } from '../problem-answers.ts';
import { type SeatRow, statusOf } from './seats.ts';

export const SERVICE = 'book-seat';

/** The row that stood in the way. */
export function rowOf({ reasons }: CommitConditionError): SeatRow {
  return (reasons[0]?.item ?? {}) as SeatRow;
}

export function seatTaken(row: SeatRow, nowMs: number): APIGatewayProxyStructuredResultV2 {
  const seat = statusOf(row, nowMs);
  if (seat.status === 'booked') {
    return conflict('seat-booked', 'Seat booked', 'Somebody has booked this seat. Choose another one.');
  }
  // For sale again since DynamoDB looked, or held.
  const waitMs = seat.status === 'held' ? Date.parse(seat.heldUntil) - nowMs : 0;
  const answer = conflict(
    'seat-held',
    'Seat held',
    'Somebody holds this seat and may still book it. Choose another one, or try it again later, with a new idempotency key.',
  );
  return {
    ...answer,
    headers: { ...answer.headers, 'Retry-After': String(Math.max(Math.ceil(waitMs / 1000), 1)) },
  };
}

export function holdIsOver(): APIGatewayProxyStructuredResultV2 {
  return conflict(
    'hold-over',
    'Hold over',
    'This hold does not hold the seat any more, or never did. Hold the seat again, with a new idempotency key, and book that hold.',
  );
}

function conflict(kind: string, title: string, detail: string): APIGatewayProxyStructuredResultV2 {
  return problemAnswer(new ProblemError({ statusCode: 409, kind, title, detail }), SERVICE);
}
