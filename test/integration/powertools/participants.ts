/** Who may hold a key of a shared table, and who may come for it: Powertools as it is, Powertools on our layer, and us. */
import {
  IdempotencyConfig,
  idempotent as idempotentDecorator,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import type { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type IdempotentContext, idempotency, idempotent } from '../../../lib/index.ts';
import { OwnedPersistenceLayer, sharedWithPowertools } from '../../../lib/powertools/index.ts';

export type Invoke = (event: unknown, context: Context) => Promise<unknown>;

export interface Sandbox {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly work: () => Promise<unknown>;
}

const KEY_PREFIX = 'orders';

export const createConfig = () =>
  new IdempotencyConfig({
    eventKeyJmesPath: 'headers."idempotency-key"',
    payloadValidationJmesPath: 'body',
    throwOnNoIdempotencyKey: true,
  });

function wrapped(persistenceStore: BasePersistenceLayer, work: () => Promise<unknown>): Invoke {
  const handler = async (_event: unknown, _context: Context) => work();
  return makeIdempotent(handler, { persistenceStore, config: createConfig(), keyPrefix: KEY_PREFIX });
}

function inMiddy(persistenceStore: BasePersistenceLayer, work: () => Promise<unknown>): Invoke {
  const options = { persistenceStore, config: createConfig(), keyPrefix: KEY_PREFIX };
  return middy(async (_event: unknown, _context: Context) => work()).use(makeHandlerIdempotent(options));
}

function decorated(persistenceStore: BasePersistenceLayer, work: () => Promise<unknown>): Invoke {
  class Service {
    async handler(_event: unknown, _context: Context): Promise<unknown> {
      return work();
    }
  }
  // By hand, as the compiler does it for `@idempotent(...)`: no compiler option is needed for one test.
  const descriptor = Object.getOwnPropertyDescriptor(Service.prototype, 'handler') ?? {};
  const options = { persistenceStore, config: createConfig(), keyPrefix: KEY_PREFIX };
  Object.defineProperty(
    Service.prototype,
    'handler',
    idempotentDecorator(options)(Service.prototype, 'handler', descriptor),
  );
  const service = new Service();
  return (event, context) => service.handler(event, context);
}

const plain = ({ tableName, client }: Sandbox) =>
  new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client });
const owned = ({ tableName, client }: Sandbox) =>
  new OwnedPersistenceLayer({ tableName, client, onEvent: () => {} });
const shared = ({ tableName, client }: Sandbox) => ({
  ...sharedWithPowertools({ tableName, client, config: createConfig(), keyPrefix: KEY_PREFIX }),
  onEvent: () => {},
});

/** Families share one behaviour; the Middy middleware of Powertools on its own layer has one defect more than the rest. */
export const PARTICIPANTS = {
  makeIdempotent: { family: 'Powertools', create: (s: Sandbox) => wrapped(plain(s), s.work) },
  '@idempotent': { family: 'Powertools', create: (s: Sandbox) => decorated(plain(s), s.work) },
  makeHandlerIdempotent: { family: 'Powertools, Middy', create: (s: Sandbox) => inMiddy(plain(s), s.work) },
  'makeIdempotent, owned': { family: 'owned layer', create: (s: Sandbox) => wrapped(owned(s), s.work) },
  '@idempotent, owned': { family: 'owned layer', create: (s: Sandbox) => decorated(owned(s), s.work) },
  'makeHandlerIdempotent, owned': {
    family: 'owned layer',
    create: (s: Sandbox) => inMiddy(owned(s), s.work),
  },
  'idempotent()': {
    family: 'this library',
    create: (s: Sandbox): Invoke => {
      const guarded = idempotent<unknown, unknown>(s.work, shared(s));
      return async (event, context) => refusalThrown(await guarded(event, context));
    },
  },
  'idempotency()': {
    family: 'this library',
    create: (s: Sandbox): Invoke => {
      const guarded = middy(async (_event: unknown, _context: Context) => s.work()).use(
        idempotency(shared(s)),
      );
      return async (event, context) => refusalThrown(await guarded(event, context as IdempotentContext));
    },
  },
} as const;

export type Participant = keyof typeof PARTICIPANTS;
export type Family = (typeof PARTICIPANTS)[Participant]['family'];

/** Over HTTP this library answers where the others throw. */
function refusalThrown(answer: unknown): unknown {
  const { headers, body } = Object(answer) as { readonly headers?: Record<string, string>; body?: string };
  if (headers?.['Content-Type'] !== 'application/problem+json') return answer;
  throw new Error(JSON.parse(body ?? '{}').code);
}
