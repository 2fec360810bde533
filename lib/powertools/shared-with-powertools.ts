import type { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ConfigurationError } from '../idempotency/errors.ts';
import type { RecordIdentity } from '../idempotency/options.ts';
import { rejectUnknown } from '../idempotency/unknown-options.ts';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import { powertoolsIdentity } from './powertools-identity.ts';
import { SharedTableStore } from './shared-table-store.ts';

/** Of `sharedWithPowertools`. */
export interface SharedWithPowertoolsOptions {
  /** The table of your `DynamoDBPersistenceLayer`, with its default attribute names and no sort key. */
  readonly tableName: string;
  /** The configuration that your function has under Powertools, as it is. */
  readonly config: IdempotencyConfig;
  /** The `keyPrefix` that your function has under Powertools. @defaultValue the function's name */
  readonly keyPrefix?: string;
  /** @defaultValue a client of its own, as `createDefaultClient` makes it */
  readonly client?: DynamoDBClient;
}

/** Options of `idempotency` and `idempotent`, to be spread among others. */
export interface SharedOptions {
  readonly store: IdempotencyStore;
  /** Id and fingerprint of the record, made by Powertools' own code. */
  readonly identity: (event: unknown) => Promise<RecordIdentity | undefined>;
  readonly retentionSeconds: number;
}

const NAMES = ['tableName', 'config', 'keyPrefix', 'client'];

/**
 * Options with which a function of this library uses the records of Powertools, and Powertools its: same ids, same hashes,
 * same form of results. So a team can move function by function, and back.
 *
 * ```ts
 * export const handler = middy(addToCart).use(idempotency(sharedWithPowertools({ tableName, config })));
 * ```
 *
 * The payload is the whole event (`dataIndexArgument` has no counterpart), and what an event's key belongs to is what
 * `eventKeyJmesPath` selects: neither caller nor path are looked at, unless it selects them. What this library promises
 * holds against other functions of its own and of `OwnedPersistenceLayer`; writes of Powertools' own layers carry no
 * condition, and docs/powertools.md says what they can do.
 *
 * @throws ConfigurationError on an unknown option, and on a `responseHook`, which has no counterpart
 */
export function sharedWithPowertools(options: SharedWithPowertoolsOptions): SharedOptions {
  rejectUnknown(options, NAMES, {
    of: 'sharedWithPowertools',
    hint: "Attribute names and sort keys of one's own are not supported.",
  });
  const { tableName, config, keyPrefix, client } = options;
  if (typeof config?.isEnabled !== 'function') {
    throw new ConfigurationError(
      'Option "config" of sharedWithPowertools must be the IdempotencyConfig that the function has under Powertools.',
    );
  }
  if (config.responseHook !== undefined) {
    throw new ConfigurationError(
      'sharedWithPowertools cannot carry over `responseHook`. Change replayed answers in a middleware that is used before idempotency(), which sees their header Idempotent-Replayed.',
    );
  }
  return {
    store: new SharedTableStore({ tableName, client }),
    identity: powertoolsIdentity(config, keyPrefix),
    retentionSeconds: config.expiresAfterSeconds,
  };
}
