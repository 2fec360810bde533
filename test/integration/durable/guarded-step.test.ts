/** What docs/recipes/durable-functions.md tells users to do, in AWS's local runner and on a real engine. */

import { randomUUID } from 'node:crypto';
import {
  type DurableContext,
  type RetryDecision,
  retryPresets,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  DynamoDbStore,
  type IdempotencyContext,
  type IdempotencyEvent,
  idempotent,
  isIdempotencyError,
} from '../../../lib/index.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';

interface Order {
  readonly orderId: string;
}

let client: DynamoDBClient;
let store: DynamoDbStore;
let events: IdempotencyEvent[];
let attempts: number[];

beforeAll(async () => {
  await LocalDurableTestRunner.setupTestEnvironment({ skipTime: false });
  client = testClient();
  store = new DynamoDbStore({ tableName: await createIdempotencyTable(client), client });
});

afterAll(async () => {
  client.destroy();
  await LocalDurableTestRunner.teardownTestEnvironment();
});

beforeEach(() => {
  events = [];
  attempts = [];
});

function guardedCharge() {
  return idempotent(
    async (order: Order, context: { readonly idempotency: IdempotencyContext }) => {
      attempts.push(context.idempotency.attempt);
      return `charged ${order.orderId}`;
    },
    { store, key: (order) => order.orderId, onEvent: (event) => events.push(event) },
  );
}

/** Bounded by the lease, which ends with the invocation that holds it: at most 15 minutes away. */
function whenFree(error: Error, attempt: number): RetryDecision {
  if (!isIdempotencyError(error) || !error.retryable) return retryPresets.default(error, attempt);
  const seconds = Math.max(Math.ceil((error.retryAfterMs ?? 0) / 1000), 1);
  return attempt < 10 ? { shouldRetry: true, delay: { seconds } } : { shouldRetry: false };
}

describe('a guarded step', () => {
  function chargeOrder() {
    const charge = guardedCharge();
    return withDurableExecution(async (order: Order, context: DurableContext) =>
      context.step('charge', () => charge(order, context.lambdaContext), { retryStrategy: whenFree }),
    );
  }

  test('has one effect in all executions of the operation, as an event source starts them', async () => {
    const payload = { orderId: randomUUID() };
    const results = [];
    for (let delivery = 0; delivery < 3; delivery++) {
      const execution = await new LocalDurableTestRunner({ handlerFunction: chargeOrder() }).run({ payload });
      results.push(execution.getResult());
    }
    expect(results).toEqual(Array(3).fill(`charged ${payload.orderId}`));
    expect(attempts).toEqual([1]);
    expect(events.map(({ type }) => type)).toEqual(['acquired', 'completed', 'replayed', 'replayed']);
  });

  test('waits, suspended, for the lease of an attempt that has died, and takes over', async () => {
    const payload = { orderId: randomUUID() };
    await new Promise<void>((resolve) => {
      const dying = idempotent((_order: Order) => new Promise<never>(() => resolve()), {
        store,
        key: (order) => order.orderId,
        clockSkewMs: 0,
      });
      void dying(payload, lambdaContext(1500));
    });

    const execution = await new LocalDurableTestRunner({ handlerFunction: chargeOrder() }).run({ payload });
    expect(execution.getResult()).toBe(`charged ${payload.orderId}`);
    expect(attempts).toEqual([2]);
    expect(events.map(({ type }) => type)).toEqual(['in-progress', 'acquired', 'completed']);
  });
});

describe('a guarded start', () => {
  test('sends Lambda one execution name for all attempts of a request, and a new one for a new request', async () => {
    const started: InvokeCommand[] = [];
    const start = idempotent(
      async (event: APIGatewayProxyEventV2, context: { readonly idempotency: IdempotencyContext }) => {
        const name = context.idempotency.deriveKey('execution');
        started.push(
          new InvokeCommand({
            FunctionName: 'charge-order:live',
            InvocationType: 'Event',
            DurableExecutionName: name,
            Payload: Buffer.from(event.body ?? ''),
          }),
        );
        // The reply of the first two is lost: whether the execution was started is for the next attempt to find out.
        if (started.length < 3) throw new Error('socket closed');
        return { statusCode: 202, body: JSON.stringify({ name }) };
      },
      { store },
    );
    const event = httpApiEvent({ key: randomUUID() });
    await expect(start(event, lambdaContext())).rejects.toThrow('socket closed');
    await expect(start(event, lambdaContext())).rejects.toThrow('socket closed');
    expect(await start(event, lambdaContext())).toMatchObject({ statusCode: 202 });
    expect(await start(event, lambdaContext())).toMatchObject({ headers: { 'Idempotent-Replayed': 'true' } });
    await start(httpApiEvent({ key: randomUUID() }), lambdaContext());

    const names = started.map(({ input }) => input.DurableExecutionName);
    expect(names).toHaveLength(4);
    expect(new Set(names.slice(0, 3)).size).toBe(1);
    expect(names[3]).not.toBe(names[0]);
    // The pattern of DurableExecutionName in Lambda's API.
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9-_]{1,64}$/);
  });
});
