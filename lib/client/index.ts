/** Entry of `lambda-idempotency/client`: the caller's half, for browsers and Node.js. Nothing here imports from Node.js. */

export {
  createIdempotencyClient,
  type IdempotencyClient,
  type PendingOperation,
  type Resumed,
} from './client.ts';
export { type Delivery, deliveryOf } from './delivery.ts';
export {
  AnswerError,
  BodyNotRepeatableError,
  ClientConfigurationError,
  type ClientErrorCode,
  IdempotencyClientError,
  isAnswerError,
  isIdempotencyClientError,
  NoAnswerError,
  OperationChangedError,
  OperationExpiredError,
  OutboxFullError,
  OutboxUnavailableError,
} from './errors.ts';
export type { RetryEvent } from './events.ts';
export { createIdempotentFetch } from './idempotent-fetch.ts';
export { indexedDbStorage } from './indexed-db-storage.ts';
export type { KeyFormat } from './key-header.ts';
export type { Operation } from './operation.ts';
export {
  CLIENT_DEFAULTS,
  type IdempotencyClientOptions,
  type IdempotentFetchOptions,
} from './options.ts';
export { orThrow } from './or-throw.ts';
export { OUTBOX_DEFAULTS, type OutboxOptions } from './outbox-options.ts';
export { memoryStorage, type OutboxStorage } from './outbox-storage.ts';
export type { ProblemDocument, ServerProblemCode } from './problem.ts';
export type { RetryReason } from './retry-policy.ts';
export { type StorageLike, webStorage } from './web-storage.ts';
