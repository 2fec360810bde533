/** What is deployed: everything from the environment, nothing to switch. */

import { Logger } from '@aws-lambda-powertools/logger';
import { createDefaultClient } from '../../lib/index.ts';
import { requireEnvironment } from '../environment.ts';
import { createCheckoutHandler } from './checkout.ts';
import { DynamoDbOrders } from './orders.ts';
import { HttpPayments } from './payments.ts';
import { DynamoDbStock } from './stock.ts';

const tableName = requireEnvironment('SHOP_TABLE');

export const handler = createCheckoutHandler({
  stock: new DynamoDbStock({ client: createDefaultClient(), tableName }),
  payments: new HttpPayments({ baseUrl: requireEnvironment('PAYMENTS_URL') }),
  orders: new DynamoDbOrders({ tableName }),
  logger: new Logger(),
});
