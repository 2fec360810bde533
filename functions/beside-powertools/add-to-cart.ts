import { randomUUID } from 'node:crypto';
import { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { type IdempotencyEventListener, idempotency } from '../../lib/index.ts';
import { OwnedPersistenceLayer, sharedWithPowertools } from '../../lib/powertools/index.ts';
import type { Cart } from '../add-to-cart/cart.ts';
import { readAddToCartRequest } from '../add-to-cart/request.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import { problemAnswers } from '../problem-answers.ts';

export interface BesidePowertoolsDependencies {
  readonly cart: Cart;
  readonly logger: HandlerLogger;
  readonly client: DynamoDBClient;
  /** The table of the idempotency records, of both. */
  readonly tableName: string;
  readonly onEvent?: IdempotencyEventListener;
}

const SERVICE = 'beside-powertools';
const KEY_PREFIX = 'beside-powertools';

/** As the team has had it all along. */
const createConfig = () =>
  new IdempotencyConfig({
    eventKeyJmesPath: '[headers."idempotency-key", body]',
    throwOnNoIdempotencyKey: true,
  });

/**
 * One function before and after it was moved from Powertools for AWS Lambda to this library. They share a table, and each
 * replays what the other one has recorded: a retry may meet either of them while a deployment shifts, and the row is added
 * once (docs/powertools.md).
 */
export function createAddToCartBesidePowertools(dependencies: BesidePowertoolsDependencies) {
  const { cart, logger, client, tableName, onEvent } = dependencies;
  const listener = onEvent === undefined ? {} : { onEvent };

  /** Nothing but its guard keeps it from adding a row on every run. */
  async function addToCart(
    event: APIGatewayProxyEventV2,
    _context: Context,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const line = await cart.addLine({ lineId: randomUUID(), ...readAddToCartRequest(event) });
    return { statusCode: 201, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(line) };
  }

  const before = middy(addToCart)
    .use(
      makeHandlerIdempotent({
        persistenceStore: new OwnedPersistenceLayer({ tableName, client, ...listener }),
        config: createConfig(),
        keyPrefix: KEY_PREFIX,
      }),
    )
    .use(problemAnswers({ logger, service: SERVICE }));

  const moved = middy(addToCart)
    .use(
      idempotency({
        ...sharedWithPowertools({ tableName, client, config: createConfig(), keyPrefix: KEY_PREFIX }),
        ...listener,
      }),
    )
    .use(problemAnswers({ logger, service: SERVICE }));

  return { before, moved };
}
