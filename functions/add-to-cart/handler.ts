/** What is deployed: everything from the environment, nothing to switch. */

import { Logger } from '@aws-lambda-powertools/logger';
import { createDefaultClient } from '../../lib/index.ts';
import { requireEnvironment } from '../environment.ts';
import { createAddToCartHandler } from './add-to-cart.ts';
import { DynamoDbCart } from './cart.ts';

export const handler = createAddToCartHandler({
  cart: new DynamoDbCart({ client: createDefaultClient(), tableName: requireEnvironment('CART_TABLE') }),
  logger: new Logger(),
});
