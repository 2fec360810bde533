/**
 * One family of errors for the caller's half. Each has a literal `code` and `retryable`: whether sending the same
 * operation again, with the same key, can succeed. No message carries a key, a URL or a payload.
 */
import { type ProblemDocument, SERVER_PROBLEM_CODES, type ServerProblemCode } from './problem.ts';

/** What an error of the client is, for code: its own, or that of the problem which the server answered. */
export type ClientErrorCode =
  | 'CLIENT_CONFIGURATION'
  | 'BODY_NOT_REPEATABLE'
  | 'NO_ANSWER'
  | 'OPERATION_CHANGED'
  | 'OPERATION_EXPIRED'
  | 'OUTBOX_FULL'
  | 'OUTBOX_UNAVAILABLE'
  | 'HTTP_ERROR'
  | ServerProblemCode;

interface ErrorTraits {
  readonly code: ClientErrorCode;
  readonly retryable: boolean;
  readonly cause?: unknown;
}

/** The family of the client's errors. No message carries a key, a URL or a payload. Tell them apart by `code`. */
export class IdempotencyClientError extends Error {
  readonly code: ClientErrorCode;
  readonly retryable: boolean;

  constructor(message: string, traits: ErrorTraits) {
    super(message, traits.cause === undefined ? undefined : { cause: traits.cause });
    this.name = new.target.name;
    this.code = traits.code;
    this.retryable = traits.retryable;
  }
}

/** The options, or the platform, do not allow requests to be made safe; the message says the fix. */
export class ClientConfigurationError extends IdempotencyClientError {
  declare readonly code: 'CLIENT_CONFIGURATION';
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { code: 'CLIENT_CONFIGURATION', retryable: false, cause: options.cause });
  }
}

/** The body is longer than what is held in memory to be sent again. Nothing was sent. */
export class BodyNotRepeatableError extends IdempotencyClientError {
  declare readonly code: 'BODY_NOT_REPEATABLE';
  constructor(maxBytes: number) {
    super(
      `The body is longer than the ${maxBytes} bytes that are held in memory to be sent again. Nothing was sent. Send less at once, or raise "requestMaxBytes".`,
      { code: 'BODY_NOT_REPEATABLE', retryable: false },
    );
  }
}

/**
 * No answer came before tries or time ran out: **whether the operation took effect is unknown**. `cause` is what the
 * last try ended in. Send the same operation again, and not a new one.
 */
export class NoAnswerError extends IdempotencyClientError {
  declare readonly code: 'NO_ANSWER';
  /** Requests that were sent. 0 if another tab or process was sending this operation all the while. */
  readonly tries: number;
  constructor(tries: number, cause: unknown) {
    super(
      `No answer came in ${tries} ${tries === 1 ? 'try' : 'tries'}. Whether the operation took effect is unknown. Send it again unchanged, with the same idempotency key.`,
      { code: 'NO_ANSWER', retryable: true, cause },
    );
    this.tries = tries;
  }
}

/** An unsettled operation of this name has another method, URL or body. Nothing was sent. */
export class OperationChangedError extends IdempotencyClientError {
  declare readonly code: 'OPERATION_CHANGED';
  constructor(name: string) {
    super(
      `The operation "${name}" is not settled yet, and was first sent with another method, URL or body. Send that one until it is settled, give the new one a name of its own, or give the old one up with forget("${name}").`,
      { code: 'OPERATION_CHANGED', retryable: false },
    );
  }
}

/**
 * The operation is older than the server is sure to remember its key: sent now, it could take effect a second time.
 * Nothing was sent. Find out whether it took effect, then `forget` its name.
 */
export class OperationExpiredError extends IdempotencyClientError {
  declare readonly code: 'OPERATION_EXPIRED';
  constructor(name: string) {
    super(
      `The operation "${name}" was never settled and is too old to be sent again safely. Find out whether it took effect, then give it up with forget("${name}").`,
      { code: 'OPERATION_EXPIRED', retryable: false },
    );
  }
}

/** As many operations as may be kept are not settled. Nothing was sent. */
export class OutboxFullError extends IdempotencyClientError {
  declare readonly code: 'OUTBOX_FULL';
  constructor(maxEntries: number) {
    super(
      `${maxEntries} operations are not settled, which is as many as the outbox keeps. Nothing was sent. Let resume() settle some, or forget those that are given up.`,
      { code: 'OUTBOX_FULL', retryable: true },
    );
  }
}

/** The operation could not be kept, or not read: without its key it must not be sent. Nothing was sent. */
export class OutboxUnavailableError extends IdempotencyClientError {
  declare readonly code: 'OUTBOX_UNAVAILABLE';
  constructor(reason: string, cause?: unknown) {
    super(`${reason} Nothing was sent, since its idempotency key could be lost.`, {
      code: 'OUTBOX_UNAVAILABLE',
      retryable: true,
      cause,
    });
  }
}

/**
 * An answer of 400 or more, as `orThrow` throws it. `code` is the server's own for a problem of lambda-idempotency
 * (`PAYLOAD_MISMATCH`, `OUTCOME_UNKNOWN`, ...), and `HTTP_ERROR` for any other answer.
 */
export class AnswerError extends IdempotencyClientError {
  declare readonly code: ServerProblemCode | 'HTTP_ERROR';
  readonly status: number;
  /** The problem document (RFC 9457), if the answer is one. */
  readonly problem: ProblemDocument | undefined;
  /** With its body unread. */
  readonly response: Response;
  constructor(traits: {
    readonly response: Response;
    readonly problem: ProblemDocument | undefined;
    readonly code: ServerProblemCode | undefined;
    readonly retryable: boolean;
  }) {
    const { response, problem, code = 'HTTP_ERROR', retryable } = traits;
    const title = problem?.title === undefined ? '' : `: ${problem.title}`;
    super(`The server answered ${response.status}${title}.`, { code, retryable });
    this.status = response.status;
    this.problem = problem;
    this.response = response;
  }
}

const CODES: ReadonlySet<unknown> = new Set<ClientErrorCode>([
  'CLIENT_CONFIGURATION',
  'BODY_NOT_REPEATABLE',
  'NO_ANSWER',
  'OPERATION_CHANGED',
  'OPERATION_EXPIRED',
  'OUTBOX_FULL',
  'OUTBOX_UNAVAILABLE',
  'HTTP_ERROR',
  ...SERVER_PROBLEM_CODES,
]);

/** True for errors of this family, also for those of another copy of this package, where `instanceof` fails. */
export function isIdempotencyClientError(error: unknown): error is IdempotencyClientError {
  if (!(error instanceof Error)) return false;
  const candidate = error as Partial<IdempotencyClientError>;
  // `statusCode` is what the server's own family has, whose codes are among these.
  return CODES.has(candidate.code) && typeof candidate.retryable === 'boolean' && !('statusCode' in error);
}

/** True for an answer of 400 or more that `orThrow` threw. */
export function isAnswerError(error: unknown): error is AnswerError {
  return isIdempotencyClientError(error) && typeof (error as Partial<AnswerError>).status === 'number';
}
