import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type HttpOptions, type IdempotentContext, idempotency } from '../../lib/index.ts';
import type { Locks } from '../../lib/locks/index.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import { problemAnswers } from '../problem-answers.ts';
import type { LabelService } from './label-service.ts';
import { readPrintLabelRequest } from './request.ts';

export interface PrintLabelDependencies {
  readonly labelService: LabelService;
  readonly locks: Locks;
  readonly logger: HandlerLogger;
  /** Epoch milliseconds. @defaultValue Date.now */
  readonly now?: () => number;
  /** On top of the defaults; the deployed function has none. */
  readonly idempotencyOptions?: HttpOptions<APIGatewayProxyEventV2>;
}

const SERVICE = 'print-label';

/** What the label service bears, and so all sandboxes of this function together. */
const AT_ONCE_MAX = 3;

/** Below the time that the gateway waits; whoever has no place by then is told to come again. */
const PATIENCE_MS = 8_000;

/**
 * `POST /labels`: has a label printed by a service that takes three requests at a time and breaks under more.
 *
 * The key says that one label is printed for one operation, however often it is sent; the semaphore, that no more than three
 * operations are at the service, however many there are. A caller who waits in vain gets 409 `lock-not-acquired`; nothing was
 * printed, the key is given back, and the same request may come again.
 */
export function createPrintLabelHandler(dependencies: PrintLabelDependencies) {
  const { labelService, locks, logger, now = Date.now, idempotencyOptions } = dependencies;
  const places = locks.semaphore('label-service', AT_ONCE_MAX);

  async function printLabel(
    event: APIGatewayProxyEventV2,
    { idempotency: { deriveKey } }: IdempotentContext,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const { sku } = readPrintLabelRequest(event);
    const labelId = deriveKey('label');
    const arrivedMs = now();
    const { waitedMs, fencingToken } = await places.use(
      async (grant) => {
        const waitedMs = now() - arrivedMs;
        await labelService.print({ labelId, sku }, grant.signal);
        return { waitedMs, fencingToken: grant.fencingToken };
      },
      { waitMs: PATIENCE_MS },
    );
    return {
      statusCode: 201,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      body: JSON.stringify({ labelId, sku, waitedMs, fencingToken }),
    };
  }

  return middy(printLabel)
    .use(idempotency({ namespace: SERVICE, ...idempotencyOptions }))
    .use(problemAnswers({ logger, service: SERVICE }));
}
