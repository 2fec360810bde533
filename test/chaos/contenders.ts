/** What guards the handler: this library, or Powertools for AWS Lambda, each as a Middy middleware and as a wrapper. */
import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { recordId } from '../../lib/idempotency/operation.ts';
import {
  DynamoDbStore,
  type HttpOptions,
  type IdempotencyStore,
  type IdempotentContext,
  idempotency,
  idempotent,
} from '../../lib/index.ts';
import type { AddLine } from './add-line.ts';
import { currentRequest } from './current-request.ts';
import type { Mutant } from './mutants.ts';
import { CLOCK_SKEW_MS, type Operation } from './plan.ts';

export const CONTENDERS = ['lambda-idempotency', 'powertools'] as const;
export type Contender = (typeof CONTENDERS)[number];

export const FRONT_DOORS = ['middleware', 'wrapper'] as const;
export type FrontDoor = (typeof FRONT_DOORS)[number];

export type Invoke = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

export interface GuardSettings {
  readonly contender: Contender;
  readonly frontDoor: FrontDoor;
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly onUncertain: Operation['onUncertain'];
  readonly mutant: Mutant | undefined;
}

/** Of both, so that all workers and both front doors of a contender share their records. */
export const NAMESPACE = 'chaos';

export async function guard(addLine: AddLine, settings: GuardSettings): Promise<Invoke> {
  if (settings.contender === 'lambda-idempotency') return ours(addLine, settings);
  // A worker is started again a hundred times in a run, and seldom for the peer.
  const { guardByPowertools } = await import('./powertools.ts');
  return guardByPowertools(addLine, { ...settings, keyPrefix: NAMESPACE });
}

function ours(addLine: AddLine, settings: GuardSettings): Invoke {
  const { frontDoor, client, tableName, onUncertain, mutant } = settings;
  const table = new DynamoDbStore({ tableName, client });
  const store: IdempotencyStore = mutant?.store?.(table, { client, tableName }) ?? table;
  const options: HttpOptions = {
    store,
    onUncertain,
    namespace: NAMESPACE,
    clockSkewMs: CLOCK_SKEW_MS,
    // Says which request holds a record, for the checker.
    newOwner: () => `${currentRequest().number}.${crypto.randomUUID()}`,
    onEvent: ({ type, ...details }) => currentRequest().note(type, notable(details)),
  };
  if (frontDoor === 'wrapper') return idempotent(addLine, options);
  const guarded = middy(addLine).use(idempotency(options));
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  return (event, context) => guarded(event, context as IdempotentContext);
}

/** Of an event, what a time line shows. */
function notable(details: object): { attempt?: number; leaseEndsAtMs?: number } {
  const { attempt, leaseEndsAtMs } = details as { attempt?: number; leaseEndsAtMs?: number };
  return {
    ...(attempt === undefined ? {} : { attempt }),
    ...(leaseEndsAtMs === undefined ? {} : { leaseEndsAtMs }),
  };
}

/** What the id of a key's record ends with. */
export function recordIdEnd(contender: Contender, key: string, path: string): string {
  if (contender === 'powertools') return createHash('md5').update(JSON.stringify(key)).digest('base64');
  return recordId(NAMESPACE, [null, 'POST', path, key]).slice(NAMESPACE.length + 1);
}
