import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { DocumentWrite } from '../../lib/index.ts';
import { type Place, SEAT_IDS, type SeatStatus } from './seat.ts';

/** A row of the table. There is none for a seat that nobody has ever held. */
export interface SeatRow {
  /** Of the last one who held it. */
  readonly holdId?: string;
  /** Epoch milliseconds. */
  readonly heldUntilMs?: number;
  readonly bookingId?: string;
}

/**
 * By how much the clocks of two functions may differ, in milliseconds. A hold can be booked until its end, and is for sale
 * to others this much later: so no two functions ever see it as theirs.
 */
const CLOCK_SKEW_MS = 1000;

/**
 * The seats of all shows, a row a seat. Two users who want one seat meet at its row, whatever keys they use: each write has a
 * condition on it, and DynamoDB lets one of them through. A hold is a lease. Nothing has to run for it to end, so a user
 * who closes the page, or a function that dies, holds up nobody for longer than that.
 */
export class Seats {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string }) {
    this.#documents = DynamoDBDocumentClient.from(options.client);
    this.#tableName = options.tableName;
  }

  /** Sets a seat aside, if it is for sale. */
  hold(
    place: Place,
    holdId: string,
    { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
  ): DocumentWrite {
    return this.#update(place, {
      UpdateExpression: 'SET holdId = :holdId, heldUntilMs = :until',
      ConditionExpression:
        'attribute_not_exists(bookingId) AND (attribute_not_exists(heldUntilMs) OR heldUntilMs <= :freeIfBefore)',
      ExpressionAttributeValues: {
        ':holdId': holdId,
        ':until': untilMs,
        ':freeIfBefore': nowMs - CLOCK_SKEW_MS,
      },
    });
  }

  /** Sells a seat to whoever holds it. */
  book(place: Place, holdId: string, bookingId: string, nowMs: number): DocumentWrite {
    return this.#update(place, {
      UpdateExpression: 'SET bookingId = :bookingId, bookedAtMs = :now',
      ConditionExpression: 'attribute_not_exists(bookingId) AND holdId = :holdId AND heldUntilMs > :now',
      ExpressionAttributeValues: { ':bookingId': bookingId, ':holdId': holdId, ':now': nowMs },
    });
  }

  /** All seats of the hall, as they are at this moment. */
  async list(showId: string, nowMs: number): Promise<Readonly<Record<string, SeatStatus>>> {
    const seats: Record<string, SeatStatus> = Object.fromEntries(
      SEAT_IDS.map((seatId) => [seatId, { status: 'for-sale' }]),
    );
    const pages = paginateQuery(
      { client: this.#documents },
      {
        TableName: this.#tableName,
        KeyConditionExpression: 'showId = :showId',
        ExpressionAttributeValues: { ':showId': showId },
        // Whoever has just taken a seat wants to see it.
        ConsistentRead: true,
      },
    );
    for await (const { Items: rows = [] } of pages) {
      for (const row of rows) seats[row['seatId']] = statusOf(row as SeatRow, nowMs);
    }
    return seats;
  }

  #update(
    { showId, seatId }: Place,
    expressions: Pick<
      NonNullable<Extract<DocumentWrite, { Update?: unknown }>['Update']>,
      'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'
    >,
  ): DocumentWrite {
    return {
      Update: {
        TableName: this.#tableName,
        Key: { showId, seatId },
        ...expressions,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    };
  }
}

/** What somebody who would like to have the seat is told. */
export function statusOf({ bookingId, heldUntilMs }: SeatRow, nowMs: number): SeatStatus {
  if (bookingId !== undefined) return { status: 'booked' };
  if (heldUntilMs === undefined || heldUntilMs + CLOCK_SKEW_MS <= nowMs) return { status: 'for-sale' };
  return { status: 'held', heldUntil: new Date(heldUntilMs).toISOString() };
}
