/** What is deployed: everything from the environment, nothing to switch. */

import { Logger } from '@aws-lambda-powertools/logger';
import { createDefaultClient } from '../../lib/index.ts';
import { requireEnvironment } from '../environment.ts';
import { DynamoDbCartLines } from './lines.ts';
import { createListCartHandler } from './list-cart.ts';

export const handler = createListCartHandler({
  cartLines: new DynamoDbCartLines({
    client: createDefaultClient(),
    tableName: requireEnvironment('CART_TABLE'),
  }),
  logger: new Logger(),
});
