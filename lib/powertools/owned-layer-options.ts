import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ConfigurationError } from '../idempotency/errors.ts';
import { type IdempotencyEventListener, shielded, warnOfTrouble } from '../idempotency/events.ts';
import { DEFAULTS } from '../idempotency/options.ts';
import type { OnUncertain } from '../idempotency/protocol.ts';
import { rejectUnknown } from '../idempotency/unknown-options.ts';

export interface OwnedPersistenceLayerOptions {
  /** The table of your `DynamoDBPersistenceLayer`, with its default attribute names and no sort key. */
  readonly tableName: string;
  /** @defaultValue a client of its own, as `createDefaultClient` makes it */
  readonly client?: DynamoDBClient;
  /**
   * What happens to a key whose last attempt ended without telling its outcome, once its lock has run out: `'retry'` runs
   * the function again, as Powertools does; `'block'` refuses until the record expires. @defaultValue 'retry'
   */
  readonly onUncertain?: OnUncertain;
  /** Added to the remaining time to make the lock, in milliseconds: by how much clocks may differ. @defaultValue 1000 */
  readonly clockSkewMs?: number;
  /**
   * The `timeoutEarlyInMillis` of your `middy()`, if you have set it. The layer is not told whether an error is the
   * handler's or the early time-out's, at which the handler is still running: one that comes when no more than this is left
   * of the invocation does not give the key back. 0 where the early time-out is switched off.
   * @defaultValue 5 (Middy's own default)
   */
  readonly timeoutEarlyInMillis?: number;
  /** Told of everything that the layer does. @defaultValue a warning on standard error where a person should look */
  readonly onEvent?: IdempotencyEventListener;
  /** A fresh token for each attempt, that nobody can guess; for tests. @defaultValue randomUUID of node:crypto */
  readonly newOwner?: () => string;
}

const NAMES = [
  'tableName',
  'client',
  'onUncertain',
  'clockSkewMs',
  'timeoutEarlyInMillis',
  'onEvent',
  'newOwner',
];

/** @throws ConfigurationError on an unknown name or a value of the wrong kind */
export function resolveOwnedLayerOptions(options: OwnedPersistenceLayerOptions) {
  rejectUnknown(options, NAMES, {
    of: 'OwnedPersistenceLayer',
    hint: "Attribute names and sort keys of one's own are not supported; awsSdkV3Client is called client here.",
  });
  const { onUncertain = DEFAULTS.onUncertain, onEvent = warnOfTrouble, newOwner = randomUUID } = options;
  if (!['retry', 'block'].includes(onUncertain)) {
    throw new ConfigurationError('Option "onUncertain" of OwnedPersistenceLayer must be "retry" or "block".');
  }
  if (typeof onEvent !== 'function') {
    throw new ConfigurationError('Option "onEvent" of OwnedPersistenceLayer must be a function.');
  }
  return {
    onUncertain,
    clockSkewMs: wholeNumber('clockSkewMs', options.clockSkewMs ?? DEFAULTS.clockSkewMs),
    timeoutEarlyInMillis: wholeNumber(
      'timeoutEarlyInMillis',
      options.timeoutEarlyInMillis ?? DEFAULTS.timeoutEarlyInMillis,
    ),
    notify: shielded(onEvent),
    newOwner,
  };
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ConfigurationError(
    `Option "${name}" of OwnedPersistenceLayer must be a whole number of at least 0.`,
  );
}
