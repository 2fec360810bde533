import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Attempt, completedRecord } from '../idempotency/protocol.ts';
import { epochSeconds } from '../idempotency/record.ts';
import { DynamoDbRecordStore } from '../stores/dynamodb-record-store.ts';
import { createOwnClient } from '../stores/dynamodb-store.ts';
import type { Completion, Ownership, WriteOutcome } from '../stores/idempotency-store.ts';
import { POWERTOOLS_FORMAT } from '../stores/powertools-format.ts';
import { sdkDynamoDbApi } from '../stores/sdk-dynamodb-api.ts';

/**
 * Records on a table to which Powertools' own layers write as well. They delete without a condition: a duplicate that its
 * Middy middleware refuses takes away the lock of whoever is running. A completion that finds nothing is therefore put
 * anew, if there is nothing still: the operation took effect, and whoever comes next must not run.
 */
export class SharedTableStore extends DynamoDbRecordStore {
  constructor({
    tableName,
    client = createOwnClient(),
  }: { readonly tableName: string; readonly client?: DynamoDBClient | undefined }) {
    super({ tableName, api: sdkDynamoDbApi(client), format: POWERTOOLS_FORMAT });
  }

  override async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    const outcome = await super.complete(ownership, completion);
    if (outcome.applied || outcome.current !== undefined || !isAttempt(ownership)) return outcome;
    const put = await this.putCompleted(completedRecord(ownership, completion), epochSeconds(Date.now()), []);
    if (put.kind === 'applied') return { applied: true };
    return put.kind === 'record-refused' ? { applied: false, current: put.current } : outcome;
  }
}

/** The protocol hands its attempt on as it is; the port asks for no more than id and owner. */
function isAttempt(ownership: Ownership): ownership is Attempt {
  return 'fingerprint' in ownership && 'attempt' in ownership && 'leaseEndsAtMs' in ownership;
}
