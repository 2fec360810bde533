import middy from '@middy/core';
import { idempotency } from '../../../lib/lean/index.ts';
import { answer } from './answer.ts';

export const handler = middy(async () => answer()).use(idempotency());
