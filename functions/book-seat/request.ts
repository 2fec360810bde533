import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { readJsonObject } from '../json-body.ts';
import { invalidRequest, ProblemError } from '../problem-answers.ts';
import { isSeatId, isShowId, type Place, SEAT_IDS, SHOW_ID_RULE } from './seat.ts';

/** As `deriveKey` makes it. */
const HOLD_ID = /^[\w-]{1,64}$/;

/** @throws ProblemError (400) for a show that cannot be, (404) for a seat that the hall does not have */
export function readPlace({ pathParameters }: APIGatewayProxyEventV2): Place {
  const showId = readShowId(pathParameters);
  const seatId = pathParameters?.['seatId'];
  if (isSeatId(seatId)) return { showId, seatId };
  throw new ProblemError({
    statusCode: 404,
    kind: 'no-such-seat',
    title: 'No such seat',
    detail: `The hall has the seats ${SEAT_IDS[0]} to ${SEAT_IDS.at(-1)}.`,
  });
}

/** @throws ProblemError (400) */
export function readShowId(pathParameters: APIGatewayProxyEventV2['pathParameters']): string {
  const showId = pathParameters?.['showId'];
  if (isShowId(showId)) return showId;
  throw invalidRequest([{ field: 'showId', message: SHOW_ID_RULE }]);
}

/** @throws ProblemError (400) */
export function readHoldId(event: APIGatewayProxyEventV2): string {
  const { holdId } = readJsonObject(event, ['holdId']);
  if (typeof holdId === 'string' && HOLD_ID.test(holdId)) return holdId;
  throw invalidRequest([
    { field: 'holdId', message: 'must be the one that the answer to the hold contains' },
  ]);
}
