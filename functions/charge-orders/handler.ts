/** What is deployed: everything from the environment, nothing to switch. */

import { Logger } from '@aws-lambda-powertools/logger';
import { createDefaultClient } from '../../lib/index.ts';
import { requireEnvironment } from '../environment.ts';
import { createChargeOrdersHandler } from './charge-orders.ts';
import { DynamoDbCharges } from './charges.ts';

export const handler = createChargeOrdersHandler({
  charges: new DynamoDbCharges({
    client: createDefaultClient(),
    tableName: requireEnvironment('CHARGES_TABLE'),
  }),
  logger: new Logger(),
});
