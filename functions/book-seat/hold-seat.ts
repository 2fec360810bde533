import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type HttpOptions, type IdempotentContext, idempotency } from '../../lib/index.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import { problemAnswers } from '../problem-answers.ts';
import { readPlace } from './request.ts';
import type { Seats } from './seats.ts';
import { rowOf, SERVICE, seatTaken } from './taken.ts';

export interface SeatDependencies {
  readonly seats: Seats;
  readonly logger: HandlerLogger;
  /** Epoch milliseconds. @defaultValue Date.now */
  readonly now?: () => number;
  /** On top of the defaults; the deployed function has none. */
  readonly idempotencyOptions?: HttpOptions<APIGatewayProxyEventV2>;
}

/** Time to pay. */
const HOLD_MS = 2 * 60 * 1000;

/**
 * `POST /shows/{showId}/seats/{seatId}/holds`: sets a seat aside for two minutes. One user gets it, however many ask at
 * once; each of them gets one answer, however often they ask.
 *
 * These are two questions, and two conditions in one transaction answer them: the key's record is put if there is none yet,
 * and the seat's row is written if it is for sale. Nothing else happens here, so it needs no lock.
 */
export function createHoldSeatHandler({
  seats,
  logger,
  now = Date.now,
  idempotencyOptions,
}: SeatDependencies) {
  async function holdSeat(
    event: APIGatewayProxyEventV2,
    { idempotency: { commit, deriveKey } }: IdempotentContext,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const place = readPlace(event);
    const nowMs = now();
    // Whoever knows it may book the seat. It comes from a key that only its client knows.
    const holdId = deriveKey('hold');
    const untilMs = nowMs + HOLD_MS;
    commit([seats.hold(place, holdId, { nowMs, untilMs })], {
      onConditionFailed: (error) => seatTaken(rowOf(error), nowMs),
    });
    return {
      statusCode: 201,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: JSON.stringify({ ...place, holdId, heldUntil: new Date(untilMs).toISOString() }),
    };
  }

  return middy(holdSeat)
    .use(idempotency({ namespace: 'hold-seat', strategy: 'single-write', ...idempotencyOptions }))
    .use(problemAnswers({ logger, service: SERVICE }));
}
