/** One guarded function for each kind of lock that is compared, each set up as its documentation says. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { DynamoDbStore, idempotent, isIdempotencyError } from '../../lib/index.ts';

export interface JobSettings {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly library: 'lambda-idempotency' | 'powertools';
  /** Of this library. Absent: the lease lasts as long as the invocation, as Powertools' does. */
  readonly renewedLeaseMs?: number;
}

export type Job = (key: string, context: Context) => Promise<unknown>;

export function guardedJob(settings: JobSettings, work: () => Promise<unknown>): Job {
  return settings.library === 'powertools' ? powertoolsJob(settings, work) : ownJob(settings, work);
}

/** Whether a job was refused because another one holds its key. */
export function isInProgress(error: unknown): boolean {
  if (isIdempotencyError(error)) return error.code === 'IN_PROGRESS';
  return error instanceof Error && error.name === 'IdempotencyAlreadyInProgressError';
}

function ownJob({ client, tableName, renewedLeaseMs }: JobSettings, work: () => Promise<unknown>): Job {
  return idempotent(async (_key: string) => work(), {
    store: new DynamoDbStore({ tableName, client }),
    namespace: 'recovery',
    key: (key) => key,
    onEvent: () => {},
    ...(renewedLeaseMs === undefined ? {} : { renewedLeaseMs }),
  });
}

function powertoolsJob({ client, tableName }: JobSettings, work: () => Promise<unknown>): Job {
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'key', throwOnNoIdempotencyKey: true });
  const guarded = makeIdempotent(async (_event: { readonly key: string }, _context: Context) => work(), {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
    config,
  });
  return (key, context) => {
    // Without it, Powertools does not know when the invocation ends, and a key in progress is never free again.
    config.registerLambdaContext(context);
    return guarded({ key }, context);
  };
}
