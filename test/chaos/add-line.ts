/** The handler that is guarded: two effects, the first unprotected and the second as the sample makes it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { Cart } from '../../functions/add-to-cart/cart.ts';
import { type IdempotencyContext, outcomeUnknown } from '../../lib/index.ts';
import { currentRequest } from './current-request.ts';
import type { EffectsLog } from './effects-log.ts';
import type { OperationBody } from './plan.ts';

export interface AddLineDependencies {
  /** The database that the row goes to. */
  readonly cartOf: (idempotency: IdempotencyContext | undefined) => Promise<Cart>;
  readonly effects: EffectsLog;
  readonly worker: string;
  /** Id of the row, the same on every attempt. */
  readonly lineIdOf: (body: OperationBody, idempotency: IdempotencyContext | undefined) => string;
}

type AddLineContext = Context & { readonly idempotency?: IdempotencyContext };

export function createAddLine({ cartOf, effects, worker, lineIdOf }: AddLineDependencies) {
  return async function addLine(event: APIGatewayProxyEventV2, context: AddLineContext) {
    const request = currentRequest();
    const { pausesMs, fails } = request.orders;
    const { idempotency } = context;
    const beganAtMs = Date.now();
    // A peer that does not tell its lease holds it until the deadline.
    const leaseEndsAtMs = idempotency?.leaseEndsAtMs ?? request.deadlineMs;
    const attempt = idempotency?.attempt;
    request.note('handler begun', { leaseEndsAtMs, ...(attempt === undefined ? {} : { attempt }) });

    if (fails) request.note('about to fail');
    await pause(pausesMs.beforeEffect);
    if (fails) {
      throw new Error('The handler failed, and nothing has happened.');
    }
    try {
      const body = JSON.parse(event.body ?? '') as OperationBody; // The clients of this run send nothing else.
      const cart = await cartOf(idempotency);
      const executionId = randomUUID();
      await effects.append({
        executionId,
        key: body.cartId,
        request: request.number,
        worker,
        sku: body.sku,
        arrivedAtMs: request.arrivedAtMs,
        beganAtMs,
        leaseEndsAtMs,
        ...(attempt === undefined ? {} : { attempt }),
      });
      request.note('effect logged');

      await pause(pausesMs.betweenEffects);
      const line = await cart.addLine({ lineId: lineIdOf(body, idempotency), ...body });
      request.note('row put');

      await pause(pausesMs.afterEffects);
      return {
        statusCode: 201,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...line, executionId, attempt }),
      };
    } catch (error) {
      // Some effect may be there: as the library's documentation asks of a handler that cannot tell.
      throw outcomeUnknown(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

export type AddLine = ReturnType<typeof createAddLine>;
