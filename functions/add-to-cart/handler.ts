/** What is deployed: everything from the environment, nothing to switch. */

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createDefaultClient } from '../../lib/index.ts';
import { listeners, logListener, metricsListener } from '../../lib/observability/index.ts';
import { requireEnvironment } from '../environment.ts';
import { METRICS_NAMESPACE } from '../metrics-namespace.ts';
import { createAddToCartHandler } from './add-to-cart.ts';
import { DynamoDbCart } from './cart.ts';

const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
const logger = new Logger();

export const handler = createAddToCartHandler({
  cart: new DynamoDbCart({ client: createDefaultClient(), tableName: requireEnvironment('CART_TABLE') }),
  logger,
  metrics,
  idempotencyOptions: {
    onEvent: listeners(metricsListener(metrics), logListener(logger)),
    storeTimings: true,
  },
});
