/**
 * What is compared: this library, Powertools for AWS Lambda, and Powertools with this library's persistence layer, each as a
 * Middy middleware and as a wrapper, set up as its documentation says and with the same guarantees switched on (a key is required, the payload is validated, the
 * remaining time of the invocation bounds the lock).
 */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import type { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import type { IdempotencyConfigOptions } from '@aws-lambda-powertools/idempotency/types';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import {
  DynamoDbStore,
  type HttpOptions,
  type IdempotentContext,
  idempotency,
  idempotent,
} from '../../lib/index.ts';
import { OwnedPersistenceLayer } from '../../lib/powertools/index.ts';

export const CONTENDERS = [
  { name: 'idempotency()', library: 'lambda-idempotency', form: 'middleware' },
  { name: 'idempotent()', library: 'lambda-idempotency', form: 'wrapper' },
  { name: 'makeHandlerIdempotent()', library: 'powertools', form: 'middleware' },
  { name: 'makeIdempotent()', library: 'powertools', form: 'wrapper' },
  {
    name: 'makeHandlerIdempotent(), owned',
    library: 'powertools on OwnedPersistenceLayer',
    form: 'middleware',
  },
  { name: 'makeIdempotent(), owned', library: 'powertools on OwnedPersistenceLayer', form: 'wrapper' },
] as const;
export type Contender = (typeof CONTENDERS)[number];

/** What a scenario changes in the set-up of both libraries, as far as each has a word for it. */
export interface Setup {
  readonly own?: HttpOptions;
  readonly peer?: IdempotencyConfigOptions;
  /** Milliseconds before the deadline at which Middy gives up on the handler; 0 switches that off. */
  readonly timeoutEarlyInMillis?: number;
}

export interface Sandbox extends Setup {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly work: () => Promise<unknown>;
}

export type Invoke = (event: unknown, context: Context) => Promise<unknown>;

/** One sandbox: nothing in it is shared with another, as Lambda shares nothing between two of them. */
export function createInvoke({ library, form }: Contender, sandbox: Sandbox): Invoke {
  const { client, tableName } = sandbox;
  switch (library) {
    case 'lambda-idempotency':
      return lambdaIdempotency(form, sandbox);
    case 'powertools':
      return powertools(form, sandbox, new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }));
    case 'powertools on OwnedPersistenceLayer':
      return powertools(form, sandbox, ownedLayer(sandbox));
  }
}

/** It has words for two of this library's settings; the others are Powertools'. */
function ownedLayer({ client, tableName, own, timeoutEarlyInMillis = 0 }: Sandbox): OwnedPersistenceLayer {
  const onUncertain = own?.onUncertain === 'block' ? 'block' : 'retry';
  return new OwnedPersistenceLayer({
    tableName,
    client,
    onUncertain,
    timeoutEarlyInMillis,
    onEvent: () => {},
  });
}

function lambdaIdempotency(form: Contender['form'], sandbox: Sandbox): Invoke {
  const { client, tableName, work, own, timeoutEarlyInMillis = 0 } = sandbox;
  const store = new DynamoDbStore({ tableName, client });
  const options: HttpOptions = { store, onEvent: () => {}, timeoutEarlyInMillis, ...own };
  const plugin = { timeoutEarlyInMillis };
  if (form === 'wrapper') {
    const guarded = idempotent<unknown, unknown>(work, options);
    return middy(async (event: unknown, context: Context) => guarded(event, context), plugin);
  }
  const guarded = middy(async (_event: unknown, _context: Context) => work(), plugin).use(
    idempotency(options),
  );
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  return (event, context) => guarded(event, context as IdempotentContext);
}

function powertools(
  form: Contender['form'],
  { work, peer, timeoutEarlyInMillis = 0 }: Sandbox,
  persistenceStore: BasePersistenceLayer,
): Invoke {
  const options = {
    persistenceStore,
    config: new IdempotencyConfig({
      eventKeyJmesPath: 'headers."idempotency-key"',
      payloadValidationJmesPath: 'body',
      throwOnNoIdempotencyKey: true,
      ...peer,
    }),
  };
  const plugin = { timeoutEarlyInMillis };
  const handler = async (_event: unknown, _context: Context) => work();
  if (form === 'middleware') return middy(handler, plugin).use(makeHandlerIdempotent(options));

  const guarded = makeIdempotent(handler, options);
  return middy(async (event: unknown, context: Context) => {
    // The wrapper does this by itself for a Lambda handler; said here as the documentation says it elsewhere.
    options.config.registerLambdaContext(context);
    return guarded(event, context);
  }, plugin);
}
