/**
 * Public entry. The constructs are at `lambda-idempotency/cdk`; nothing here imports them.
 */

export type { ReplayStatus } from './http/replayed-answer.ts';
export { type CacheLimits, DEFAULT_CACHE_LIMITS } from './idempotency/cache-limits.ts';
export {
  ConfigurationError,
  IdempotencyError,
  type IdempotencyErrorCode,
  InProgressError,
  isIdempotencyError,
  KeyInvalidError,
  KeyMissingError,
  OutcomeUnknownError,
  PayloadMismatchError,
  ResultNotRecordedError,
  ResultTooLargeError,
  StoreError,
  SupersededError,
} from './idempotency/errors.ts';
export type { IdempotencyEvent, IdempotencyEventListener, UnguardedReason } from './idempotency/events.ts';
export type { IdempotencyContext, IdempotentContext } from './idempotency/handler-context.ts';
export {
  type IdempotencyMiddleware,
  type IdempotencyRequest,
  idempotency,
} from './idempotency/middleware.ts';
export type { OnInProgress } from './idempotency/on-in-progress.ts';
export {
  DEFAULTS,
  type HttpOptions,
  type KeyedOptions,
  type ProtocolOptions,
} from './idempotency/options.ts';
export { outcomeUnknown } from './idempotency/outcome-unknown.ts';
export type { OnUncertain } from './idempotency/protocol.ts';
export type { Sleep } from './idempotency/sleep.ts';
export { type GuardedFunction, idempotent } from './idempotency/wrapper.ts';
export { createDefaultClient, DynamoDbStore, type DynamoDbStoreOptions } from './stores/dynamodb-store.ts';
export type {
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  LapsedLease,
  OmissionReason,
  Ownership,
  RecordedResult,
  RecordStatus,
  WriteOutcome,
} from './stores/idempotency-store.ts';
export { MemoryStore } from './stores/memory-store.ts';
