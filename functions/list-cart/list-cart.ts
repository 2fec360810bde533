import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { CART_ID_RULE, isCartId } from '../cart-line.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import { invalidRequest, problemAnswers } from '../problem-answers.ts';
import type { CartLines } from './lines.ts';

/** `GET /cart/{cartId}`: the lines of a cart. Reading is idempotent in itself, so there is nothing to guard. */
export function createListCartHandler({
  cartLines,
  logger,
}: {
  readonly cartLines: CartLines;
  readonly logger: HandlerLogger;
}) {
  async function listCart(
    event: APIGatewayProxyEventV2,
    _context: Context,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const cartId = event.pathParameters?.['cartId'];
    if (!isCartId(cartId)) throw invalidRequest([{ field: 'cartId', message: CART_ID_RULE }]);
    const lines = await cartLines.listLines(cartId);
    return {
      statusCode: 200,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: JSON.stringify({ cartId, lines }),
    };
  }

  return middy(listCart).use(problemAnswers({ logger }));
}
