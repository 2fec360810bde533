import type { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type HttpOptions, type IdempotentContext, idempotency } from '../../lib/index.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import { problemAnswers } from '../problem-answers.ts';
import type { Cart } from './cart.ts';
import { readAddToCartRequest } from './request.ts';

export interface AddToCartDependencies {
  readonly cart: Cart;
  readonly logger: HandlerLogger;
  /** Published at the end of each invocation. The deployed function counts what its guard does. */
  readonly metrics?: Metrics;
  /** On top of the defaults; the deployed function has those that count what its guard does. */
  readonly idempotencyOptions?: HttpOptions<APIGatewayProxyEventV2>;
}

/** `POST /cart/items`: adds one line to a cart, once for each idempotency key. */
export function createAddToCartHandler({ cart, logger, metrics, idempotencyOptions }: AddToCartDependencies) {
  async function addToCart(
    event: APIGatewayProxyEventV2,
    context: IdempotentContext,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    // An invalid request is thrown and not returned: what is thrown is not recorded, so the client can correct the
    // request and send it with the same key.
    const request = readAddToCartRequest(event);
    const line = await cart.addLine({ lineId: context.idempotency.deriveKey('cart-line'), ...request });

    // Neither key nor body: the line's id leads to the row, the request's id to everything else.
    logger.info('line added', {
      awsRequestId: context.awsRequestId,
      lineId: line.lineId,
      attempt: context.idempotency.attempt,
    });
    return {
      statusCode: 201,
      headers: { 'Content-Type': 'application/json', Location: `/cart/${line.cartId}` },
      body: JSON.stringify(line),
    };
  }

  // The guard before all that makes answers, so that it records the finished one; what observes it before the guard, so that
  // it ends behind it. The namespace outlives a renaming of the function.
  return middy(addToCart)
    .use(metrics === undefined ? [] : [logMetrics(metrics)])
    .use(idempotency({ namespace: 'add-to-cart', ...idempotencyOptions }))
    .use(problemAnswers({ logger }));
}
