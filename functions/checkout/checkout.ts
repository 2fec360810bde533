import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type HttpOptions, type IdempotentContext, idempotency } from '../../lib/index.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import { ProblemError, problemAnswer, problemAnswers } from '../problem-answers.ts';
import type { Order, Orders } from './orders.ts';
import type { Payments } from './payments.ts';
import { readCheckoutRequest } from './request.ts';
import type { Stock } from './stock.ts';

export interface CheckoutDependencies {
  readonly stock: Stock;
  readonly payments: Payments;
  readonly orders: Orders;
  readonly logger: HandlerLogger;
  /** On top of the defaults; the deployed function has none. */
  readonly idempotencyOptions?: HttpOptions<APIGatewayProxyEventV2>;
}

const SERVICE = 'checkout';

/**
 * `POST /checkout`: sets articles aside, charges a card, and makes an order, each of them once for each idempotency key,
 * wherever the function dies in between.
 *
 * The first two take effect in places that know nothing of each other. Each is a step: its result is recorded before the
 * next begins, and each hands on a key of its own, so that the moment between effect and record does no harm. The last is a
 * write to DynamoDB, and goes out with the completion of the key in one transaction.
 */
export function createCheckoutHandler(dependencies: CheckoutDependencies) {
  const { stock, payments, orders, logger, idempotencyOptions } = dependencies;

  async function checkout(
    event: APIGatewayProxyEventV2,
    { idempotency: { step, commit, deriveKey }, awsRequestId }: IdempotentContext,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const { sku, quantity, cardToken } = readCheckoutRequest(event);

    // What is thrown in a step is not recorded: a client that is told "out of stock" may send its key again later.
    const reservation = await step('reserve-stock', () =>
      stock.reserve({ reservationId: deriveKey('reservation'), sku, quantity }),
    );
    const { amountCents, reservationId } = reservation;
    const charge = await step('charge', () =>
      payments.charge({ idempotencyKey: deriveKey('charge'), amountCents, cardToken }),
    );
    if (charge.status === 'declined') {
      await step('cancel-reservation', () => stock.cancel(reservation));
      // Returned and not thrown: the card's refusal is the result of this operation, and a retry gets it again.
      return problemAnswer(declined(), SERVICE);
    }

    const order: Order = {
      orderId: deriveKey('order'),
      reservationId,
      chargeId: charge.chargeId,
      sku,
      quantity,
      amountCents,
      orderedAt: new Date().toISOString(),
    };
    commit([orders.creation(order)]);
    logger.info('order made', { awsRequestId, orderId: order.orderId });
    return {
      statusCode: 201,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(order),
    };
  }

  return middy(checkout)
    .use(idempotency({ namespace: SERVICE, ...idempotencyOptions }))
    .use(problemAnswers({ logger, service: SERVICE }));
}

function declined(): ProblemError {
  return new ProblemError({
    statusCode: 402,
    kind: 'card-declined',
    title: 'Card declined',
    detail: 'The card was declined, and nothing was ordered. Use a new key for another try.',
  });
}
