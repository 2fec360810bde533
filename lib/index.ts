/**
 * Public entry. The constructs are at `lambda-idempotency/cdk`; nothing here imports them.
 */

export type { ReplayStatus } from './http/replayed-answer.ts';
export { type CacheLimits, DEFAULT_CACHE_LIMITS } from './idempotency/cache-limits.ts';
export {
  CommitConditionError,
  CommitInvalidError,
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
  StepNotRecordedError,
  StoreError,
  SupersededError,
} from './idempotency/errors.ts';
export type {
  IdempotencyEvent,
  IdempotencyEventListener,
  UnguardedReason,
} from './idempotency/events.ts';
export type { GuardedFunction } from './idempotency/guarded-function.ts';
export type { IdempotencyMiddleware, IdempotencyRequest } from './idempotency/guarding-middleware.ts';
export type { IdempotencyContext, IdempotentContext } from './idempotency/handler-context.ts';
export { idempotency } from './idempotency/middleware.ts';
export type { OnInProgress } from './idempotency/on-in-progress.ts';
export {
  DEFAULTS,
  type HttpOptions,
  type KeyedOptions,
  type ProtocolOptions,
  type RecordIdentity,
  type Strategy,
} from './idempotency/options.ts';
export { outcomeUnknown } from './idempotency/outcome-unknown.ts';
export type { CommitFunction, CommitOptions } from './idempotency/pending-writes.ts';
export type { Omission, OnUncertain } from './idempotency/protocol.ts';
export type { DoubtfulOperation, Reconcile, Reconciliation } from './idempotency/reconciliation.ts';
export type { Sleep } from './idempotency/sleep.ts';
export type { StepFunction } from './idempotency/steps.ts';
export { idempotent } from './idempotency/wrapper.ts';
export type { DocumentWrite } from './stores/document-write.ts';
export { createDefaultClient, DynamoDbStore, type DynamoDbStoreOptions } from './stores/dynamodb-store.ts';
export type {
  CompletedRecord,
  Completion,
  IdempotencyRecord,
  IdempotencyStore,
  InProgressRecord,
  Lease,
  OmissionReason,
  Ownership,
  RecordedResult,
  RecordedSteps,
  RecordStatus,
  StorePromises,
  TakeOverOutcome,
  WriteOutcome,
} from './stores/idempotency-store.ts';
export type { StoreOperation } from './stores/intercepted-store.ts';
export { type ApplyWrites, MemoryStore } from './stores/memory-store.ts';
export type {
  FailedWrite,
  TransactionalStore,
  TransactionOutcome,
  WritesOutcome,
} from './stores/transactional-store.ts';
