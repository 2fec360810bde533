import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { problemAnswers } from '../problem-answers.ts';
import type { SeatDependencies } from './hold-seat.ts';
import { readShowId } from './request.ts';
import { SERVICE } from './taken.ts';

/** `GET /shows/{showId}/seats`: what can be had. Between two answers everything may change, and only a hold is sure. */
export function createListSeatsHandler({
  seats,
  logger,
  now = Date.now,
}: Omit<SeatDependencies, 'idempotencyOptions'>) {
  async function listSeats(
    { pathParameters }: APIGatewayProxyEventV2,
    _context: Context,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const showId = readShowId(pathParameters);
    return {
      statusCode: 200,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: JSON.stringify({ showId, seats: await seats.list(showId, now()) }),
    };
  }

  return middy(listSeats).use(problemAnswers({ logger, service: SERVICE }));
}
