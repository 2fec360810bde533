/** What guards the handler: this library, or Powertools for AWS Lambda, each as a Middy middleware and as a wrapper. */
import { createHash } from 'node:crypto';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { recordId } from '../../lib/idempotency/operation.ts';
import {
  type HttpOptions,
  type IdempotencyStore,
  type IdempotentContext,
  idempotency,
  idempotent,
  type Reconcile,
} from '../../lib/index.ts';
import type { AddLine } from './add-line.ts';
import { currentRequest } from './current-request.ts';
import type { Note } from './journal.ts';
import type { Mutant } from './mutants.ts';
import { CLOCK_SKEW_MS, type Operation } from './plan.ts';
import { type RecordsAt, storeAt } from './record-stores.ts';

export const CONTENDERS = ['lambda-idempotency', 'powertools'] as const;
export type Contender = (typeof CONTENDERS)[number];

export const FRONT_DOORS = ['middleware', 'wrapper'] as const;
export type FrontDoor = (typeof FRONT_DOORS)[number];

export type Invoke = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

export interface GuardSettings {
  readonly contender: Contender;
  readonly frontDoor: FrontDoor;
  readonly records: RecordsAt;
  readonly onUncertain: Operation['onUncertain'] | Reconcile;
  /** Completed records are kept in the process, too. */
  readonly cache: boolean;
  readonly mutant: Mutant | undefined;
}

/** Of both, so that all workers and both front doors of a contender share their records. */
export const NAMESPACE = 'chaos';

export async function guard(addLine: AddLine, settings: GuardSettings): Promise<Invoke> {
  if (settings.contender === 'lambda-idempotency') return ours(addLine, settings);
  // A worker is started again a hundred times in a run, and seldom for the peer.
  const { guardByPowertools } = await import('./powertools.ts');
  const { frontDoor, records } = settings;
  if (records.kind !== 'dynamodb') throw new Error('The peer is run with its records in DynamoDB only.');
  return guardByPowertools(addLine, { ...records, frontDoor, keyPrefix: NAMESPACE });
}

function ours(addLine: AddLine, settings: GuardSettings): Invoke {
  const { frontDoor, records, onUncertain, mutant, cache } = settings;
  const plain = storeAt(records);
  // Mutants break requests to a table.
  const broken = records.kind === 'dynamodb' ? mutant?.store?.(plain, records) : undefined;
  const store: IdempotencyStore = broken ?? plain;
  const options: HttpOptions = {
    store,
    onUncertain,
    cache,
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

type Notable = Pick<Note, 'attempt' | 'leaseEndsAtMs' | 'from'>;

/** Of an event, what a time line shows. */
function notable(details: object): Notable {
  const { attempt, leaseEndsAtMs, from } = details as Notable; // Of any event that has them.
  return {
    ...(attempt === undefined ? {} : { attempt }),
    ...(leaseEndsAtMs === undefined ? {} : { leaseEndsAtMs }),
    ...(from === undefined ? {} : { from }),
  };
}

/** What the id of a key's record ends with. */
export function recordIdEnd(contender: Contender, key: string, path: string): string {
  if (contender === 'powertools') return createHash('md5').update(JSON.stringify(key)).digest('base64');
  return recordId(NAMESPACE, [null, 'POST', path, key]).slice(NAMESPACE.length + 1);
}
