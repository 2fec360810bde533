import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { isIdempotencyError } from '../lib/index.ts';
import type { HandlerLogger } from './handler-logger.ts';
import { loggableError } from './loggable-error.ts';

/** One thing that is wrong with a request, for the client's developer. */
export interface Violation {
  /** Name of the field, `body` for the body as a whole. */
  readonly field: string;
  /** Completes the sentence "<field> ...": what is wrong and what would be right. */
  readonly message: string;
}

/** A refusal of the sample itself, which becomes a problem document (RFC 9457). */
export class ProblemError extends Error {
  readonly statusCode: number;
  /** Last part of the problem's `type`. */
  readonly kind: string;
  readonly title: string;
  readonly errors: readonly Violation[] | undefined;

  constructor(problem: {
    readonly statusCode: number;
    readonly kind: string;
    readonly title: string;
    readonly detail: string;
    readonly errors?: readonly Violation[];
  }) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.statusCode = problem.statusCode;
    this.kind = problem.kind;
    this.title = problem.title;
    this.errors = problem.errors;
  }
}

/** A 400 that lists everything that is wrong, so that one correction is enough. */
export function invalidRequest(errors: readonly Violation[]): ProblemError {
  return new ProblemError({
    statusCode: 400,
    kind: 'invalid-request',
    title: 'Invalid request',
    detail: `${errors.map(({ field, message }) => `${field} ${message}`).join('; ')}.`,
    errors,
  });
}

interface FailedRequest {
  readonly error: Error | null | undefined;
  readonly context: Pick<Context, 'awsRequestId'>;
  // As Middy declares it: the result belongs to the handler.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  response: any;
}

/** Middy middleware that turns what a handler throws into a problem document. `service` names it in the problem's `type`. */
export function problemAnswers({
  logger,
  service = 'add-to-cart',
}: {
  readonly logger: HandlerLogger;
  readonly service?: string;
}) {
  async function problemAnswersOnError(request: FailedRequest): Promise<void> {
    const { error } = request;
    // The idempotency middleware answers for its own errors.
    if (isIdempotencyError(error)) return;
    if (!(error instanceof ProblemError)) {
      logger.error('request failed', {
        awsRequestId: request.context.awsRequestId,
        // For operators; the client is told nothing of it.
        error: loggableError(error),
      });
    }
    request.response = problemAnswer(error instanceof ProblemError ? error : internalError(), service);
  }
  return { onError: problemAnswersOnError };
}

export function problemAnswer(
  problem: ProblemError,
  service = 'add-to-cart',
): APIGatewayProxyStructuredResultV2 {
  const { statusCode, kind, title, message, errors } = problem;
  return {
    statusCode,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
    body: JSON.stringify({
      type: `urn:${service}:problem:${kind}`,
      title,
      status: statusCode,
      detail: message,
      ...(errors === undefined ? {} : { errors }),
    }),
  };
}

function internalError(): ProblemError {
  return new ProblemError({
    statusCode: 500,
    kind: 'internal-error',
    title: 'Internal error',
    detail:
      'The request could not be processed. It is safe to send it again, with the same idempotency key if it has one.',
  });
}
