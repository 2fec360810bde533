/** What the deployed functions share: everything from the environment, nothing to switch. */

import { Logger } from '@aws-lambda-powertools/logger';
import { createDefaultClient } from '../../lib/index.ts';
import { requireEnvironment } from '../environment.ts';
import type { SeatDependencies } from './hold-seat.ts';
import { Seats } from './seats.ts';

export const deployed: SeatDependencies = {
  seats: new Seats({ client: createDefaultClient(), tableName: requireEnvironment('SEATS_TABLE') }),
  logger: new Logger(),
};
