/** Errors by which a persistence layer and Powertools understand each other. It goes by their names. */
import {
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
} from '@aws-lambda-powertools/idempotency';
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';

/** Without the record, Powertools reads it. The message names no key. */
export function alreadyExists(existing: IdempotencyRecord | undefined): IdempotencyItemAlreadyExistsError {
  return new IdempotencyItemAlreadyExistsError('There is a record for this idempotency key.', existing);
}

export function notFound(): IdempotencyItemNotFoundError {
  return new IdempotencyItemNotFoundError('There is no record for this idempotency key.');
}
