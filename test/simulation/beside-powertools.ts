/**
 * One function that moves from Powertools to this library: the real package on `OwnedPersistenceLayer`, as a wrapper and as a
 * middleware, and `idempotent` with `sharedWithPowertools`, all of them on one table at one time.
 */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { idempotent, isIdempotencyError, type OnUncertain } from '../../lib/index.ts';
import { OwnedPersistenceLayer, sharedWithPowertools } from '../../lib/powertools/index.ts';
import { RECORDS_TABLE } from './dynamodb/dynamodb-table.ts';
import { CLOCK_SKEW_MS, type Guarded } from './guard.ts';
import { running } from './running.ts';
import type { World } from './world.ts';

export const GUARDS_BESIDE = ['makeIdempotent', 'makeHandlerIdempotent', 'this library'] as const;
export type GuardBeside = (typeof GUARDS_BESIDE)[number];

const KEY_PREFIX = 'orders';

// Powertools asks the process for the time. Inside an invocation, it is that of its sandbox.
const machineNow = Date.now;
Date.now = () => running.getStore()?.now() ?? machineNow();

export function invokeBesidePowertools(world: World, guarded: Guarded, context: Context): Promise<unknown> {
  const { key, payload } = guarded;
  const guard = guarded.guardBeside === 'this library' ? moved(world, guarded) : onOwnedLayer(world, guarded);
  return running.run(guarded, () => guard({ key, payload }, context)).catch(refusalOf);
}

type Guard = (event: object, context: Context) => Promise<unknown>;

function onOwnedLayer(world: World, guarded: Guarded): Guard {
  const options = {
    persistenceStore: new OwnedPersistenceLayer({
      tableName: RECORDS_TABLE,
      client: guarded.client,
      onUncertain: onUncertainOf(world),
      clockSkewMs: CLOCK_SKEW_MS,
      timeoutEarlyInMillis: 0,
      newOwner: guarded.newOwner,
      onEvent: guarded.onEvent,
    }),
    config: configOf(world),
    keyPrefix: KEY_PREFIX,
  };
  const handle = async (_event: object, _context: Context) => guarded.handle(undefined as never); // Has no use for it.
  return guarded.guardBeside === 'makeIdempotent'
    ? makeIdempotent(handle, options)
    : (middy(handle, { timeoutEarlyInMillis: 0 }).use(makeHandlerIdempotent(options)) as unknown as Guard);
}

function moved(world: World, guarded: Guarded): Guard {
  const { mutant } = world;
  const { client, handle, now, newOwner, sleep, random, onEvent } = guarded;
  const shared = sharedWithPowertools({
    tableName: RECORDS_TABLE,
    client,
    config: configOf(world),
    keyPrefix: KEY_PREFIX,
  });
  return idempotent<object, unknown>((_event, { idempotency }) => handle(idempotency), {
    ...shared,
    ...(mutant?.identityWhenMoved === undefined
      ? {}
      : { identity: mutant.identityWhenMoved(shared.identity) }),
    clockSkewMs: CLOCK_SKEW_MS,
    onUncertain: onUncertainOf(world),
    now,
    newOwner,
    sleep,
    random,
    onEvent,
  });
}

function configOf({ retentionSeconds }: World): IdempotencyConfig {
  return new IdempotencyConfig({
    eventKeyJmesPath: 'key',
    payloadValidationJmesPath: 'payload',
    throwOnNoIdempotencyKey: true,
    expiresAfterSeconds: retentionSeconds,
  });
}

function onUncertainOf({ onUncertain }: World): OnUncertain {
  if (onUncertain === 'find out') throw new Error('A layer of Powertools cannot find out.');
  return onUncertain;
}

const CODES: Readonly<Record<string, string>> = {
  IdempotencyAlreadyInProgressError: 'IN_PROGRESS',
  IdempotencyValidationError: 'PAYLOAD_MISMATCH',
  IdempotencyInconsistentStateError: 'INCONSISTENT',
};

/** What Powertools throws, as this library would answer it. */
function refusalOf(error: unknown): unknown {
  const { name, cause } = error as Error;
  const isOfLayer = name === 'IdempotencyPersistenceLayerError' && isIdempotencyError(cause);
  const code = isOfLayer ? cause.code : CODES[name];
  if (code === undefined) throw error;
  return { body: JSON.stringify({ code }) };
}
