import { IdempotencyRecord as PowertoolsRecord } from '@aws-lambda-powertools/idempotency/persistence';
import { ResultNotRecordedError } from '../idempotency/errors.ts';
import { isExpired } from '../idempotency/record.ts';
import type { IdempotencyRecord, OmissionReason } from '../stores/idempotency-store.ts';

type ResponseData = NonNullable<PowertoolsRecord['responseData']>;

/** A record of the store's as Powertools takes it from a layer of its own: to validate it, replay it, or refuse by it. */
export function replayedRecord(record: IdempotencyRecord): PowertoolsRecord {
  const { id, status, expiresAtSeconds, leaseEndsAtMs, fingerprint, result } = record;
  const members = {
    idempotencyKey: id,
    status,
    expiryTimestamp: expiresAtSeconds,
    inProgressExpiryTimestamp: leaseEndsAtMs,
    payloadHash: fingerprint,
  };
  if (status === 'INPROGRESS') return new ReplayedRecord(members);
  switch (result?.kind) {
    case 'json':
      return new ReplayedRecord({ ...members, responseData: JSON.parse(result.json) as ResponseData });
    case 'omitted':
      return new RecordWithoutResult(members, result.reason);
    default:
      // The Middy middleware takes `undefined` for "go on" and would run the handler again; Lambda sends null for either.
      return new ReplayedRecord({ ...members, responseData: null as unknown as ResponseData });
  }
}

/**
 * Counts until the end of the second in which it expires, as it does for the store that has let nobody else acquire the key.
 * Powertools goes by fractions, and would ask again in vain for what is left of that second.
 */
class ReplayedRecord extends PowertoolsRecord {
  override isExpired(): boolean {
    const { expiryTimestamp: expiresAtSeconds } = this;
    return expiresAtSeconds !== undefined && isExpired({ expiresAtSeconds }, Date.now());
  }
}

/** The payload is looked at first, as for any other record; only whoever asks for the result learns that there is none. */
class RecordWithoutResult extends ReplayedRecord {
  readonly #reason: OmissionReason;

  constructor(members: ConstructorParameters<typeof PowertoolsRecord>[0], reason: OmissionReason) {
    super(members);
    this.#reason = reason;
  }

  /** @throws ResultNotRecordedError */
  override getResponse(): never {
    throw new ResultNotRecordedError(this.#reason);
  }
}
