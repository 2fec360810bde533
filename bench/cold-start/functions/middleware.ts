import middy from '@middy/core';
import { idempotency } from '../../../lib/index.ts';
import { answer } from './answer.ts';

export const handler = middy(async () => answer()).use(idempotency());
