import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { idempotent } from '../../../lib/index.ts';
import { answer } from './answer.ts';

export const handler = idempotent(async (_event: APIGatewayProxyEventV2) => answer());
