import { createHash } from 'node:crypto';
import { IdempotencyConfig, IdempotencyKeyError } from '@aws-lambda-powertools/idempotency';
import {
  BasePersistenceLayer,
  type IdempotencyRecord as PowertoolsRecord,
} from '@aws-lambda-powertools/idempotency/persistence';
import { KeyInvalidError } from '../idempotency/errors.ts';
import type { RecordIdentity } from '../idempotency/options.ts';

type Payload = Parameters<BasePersistenceLayer['saveInProgress']>[0];

/**
 * Id and fingerprint as Powertools makes them of an event, for the option `identity`. They are made by its own code, the
 * version that is installed: selection, canonical form and hash are what they are there.
 *
 * Where it differs: events in which the key expression finds nothing but empty parts (`[null,null]`, `''`) are refused.
 * Powertools gives all of them one record, and answers each with the result of another.
 */
export function powertoolsIdentity(
  config: IdempotencyConfig,
  keyPrefix?: string,
): (event: unknown) => Promise<RecordIdentity | undefined> {
  const { eventKeyJmesPath, hashFunction } = config;
  const ofRecords = new IdentityLayer(config, keyPrefix, eventKeyJmesPath);
  // Asked in JMESPath itself: the hash of the type tells what was selected, and nothing is warned of.
  const ofTypes = new IdentityLayer(config, keyPrefix, `type(${eventKeyJmesPath})`);
  const hashOfNullType = createHash(hashFunction).update('"null"').digest('base64');

  /** True for the events that Powertools hands to the handler without a lock. */
  async function selectsNothing(event: unknown): Promise<boolean> {
    if (eventKeyJmesPath === '' || config.throwOnNoIdempotencyKey) return false;
    const { id } = await ofTypes.identityOf(event);
    return id.endsWith(`#${hashOfNullType}`);
  }

  return async function identityAsOfPowertools(event) {
    if (!config.isEnabled()) return undefined;
    try {
      return await ofRecords.identityOf(event);
    } catch (error) {
      if (error instanceof IdempotencyKeyError && (await selectsNothing(event).catch(() => false))) {
        return undefined;
      }
      // What the expression's functions say may show a piece of the payload, so it is not handed on.
      throw new KeyInvalidError(
        'The key or validation expression of this operation selects nothing in this event, or cannot be applied to it.',
      );
    }
  };
}

/** Gets as far as the record that Powertools would put, and no farther. */
class IdentityLayer extends BasePersistenceLayer {
  constructor(config: IdempotencyConfig, keyPrefix: string | undefined, eventKeyJmesPath: string) {
    super();
    const { payloadValidationJmesPath, hashFunction, jmesPathOptions } = config;
    const own = new IdempotencyConfig({
      eventKeyJmesPath,
      hashFunction,
      ...(payloadValidationJmesPath === undefined ? {} : { payloadValidationJmesPath }),
      ...(jmesPathOptions.customFunctions === undefined
        ? {}
        : { jmesPathOptions: jmesPathOptions.customFunctions }),
      throwOnNoIdempotencyKey: true,
    });
    this.configure({ config: own, ...(keyPrefix === undefined ? {} : { keyPrefix }) });
  }

  async identityOf(event: unknown): Promise<RecordIdentity> {
    try {
      // An event is what JSON.parse made of Lambda's input. The time matters to nobody: without one, there is a warning.
      await this.saveInProgress(event as Payload, 1);
    } catch (error) {
      if (!(error instanceof RecordMade)) throw error;
      const { idempotencyKey: id, payloadHash: fingerprint = '' } = error.record;
      return { id, fingerprint };
    }
    throw new TypeError('saveInProgress of Powertools has put no record.');
  }

  /** Thrown rather than kept: several events may be on their way at once. */
  protected override async _putRecord(record: PowertoolsRecord): Promise<void> {
    throw new RecordMade(record);
  }

  protected override async _getRecord(): Promise<never> {
    throw new TypeError('There are no records here.');
  }

  protected override async _updateRecord(): Promise<void> {}

  protected override async _deleteRecord(): Promise<void> {}
}

class RecordMade extends Error {
  readonly record: PowertoolsRecord;
  constructor(record: PowertoolsRecord) {
    super('A record was made.');
    this.record = record;
  }
}
