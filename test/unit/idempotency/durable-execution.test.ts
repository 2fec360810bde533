/**
 * AWS's own local runner drives these: it invokes the handler again from the top on every resume, with the operations
 * that it has checkpointed, as Lambda does. What the refusal prevents is told in docs/adr/0015.
 */
import {
  type DurableContext,
  type DurableExecutionInvocationInput,
  type DurableLambdaHandler,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { executionModeDurableContext } from 'middy7/DurableContext';
import { refuseDurableExecution } from '../../../lib/idempotency/durable-execution.ts';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';
import { until } from '../../support/until.ts';

interface Order {
  readonly orderId: string;
}

let store: IdempotencyStore;
let storeRequests: string[];
let effects: number;

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: false }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

beforeEach(() => {
  storeRequests = [];
  store = interceptedStore(new MemoryStore(), (operation, proceed) => {
    storeRequests.push(operation);
    return proceed();
  });
  effects = 0;
});

const orderId = (order: unknown) => (order as Order).orderId;

/** Has an effect, is suspended, and is resumed by a second invocation, which runs it from the top again. */
async function chargeAndAwaitApproval(_order: unknown, context: DurableContext) {
  await context.step('charge', async () => ++effects);
  await approval(context);
  return { statusCode: 201, body: '{}' };
}

/** Ends in its first invocation, so that a missing refusal shows at once. */
async function charge(_order: unknown, context: DurableContext) {
  await context.step('charge', async () => ++effects);
  return { statusCode: 201, body: '{}' };
}

/** Waits for somebody outside. A timer would not do: the runner may let it pass within the same invocation. */
async function approval(context: DurableContext): Promise<void> {
  const [approved] = await context.createCallback('approval');
  await approved;
}

/** Runs `handler` until it is suspended, and gives the approval then, which takes a second invocation. */
async function executeApproved(handler: DurableLambdaHandler, payload: object) {
  let invocationsEnded = 0;
  const runner = new LocalDurableTestRunner({
    handlerFunction: async (event, context) => {
      const output = await handler(event, context);
      invocationsEnded += 1;
      return output;
    },
  });
  const execution = runner.run({ payload });
  await until('the execution is suspended', () => invocationsEnded === 1);
  await runner.getOperation('approval').sendCallbackSuccess();
  const { getStatus, getResult } = await execution;
  return { status: getStatus(), result: getResult(), invocationsEnded };
}

describe('a durable handler is refused', () => {
  test('the runner resumes it where nothing guards it, so that the refusals below are not its own', async () => {
    const execution = await executeApproved(withDurableExecution(chargeAndAwaitApproval), { orderId: 'o1' });
    expect(execution).toMatchObject({ status: 'SUCCEEDED', invocationsEnded: 2 });
    expect(effects).toBe(1);
  });

  test('under the middleware, in the durable mode of Middy 7', async () => {
    const middy7 = MIDDY_VERSIONS.find(({ version }) => version === '7')?.middy;
    const mode = { executionMode: executionModeDurableContext } as object; // Unknown to the types of version 6.
    const handler = middy7?.(charge as never, mode).use(idempotency({ store }));
    await expectRefused(handler as unknown as DurableLambdaHandler, httpApiEvent({ key: 'k1' }));
  });

  test('inside the wrapper', async () => {
    const guarded = idempotent(charge, { store, key: orderId });
    await expectRefused(withDurableExecution(guarded), { orderId: 'o1' });
  });

  test('inside the wrapper, by the shape of its context, where the SDK does not brand it (1.x)', async () => {
    const guarded = idempotent(charge, { store, key: orderId });
    const context = { lambdaContext: lambdaContext(), step: async () => {} } as unknown as DurableContext;
    await expect(guarded({ orderId: 'o1' }, context)).rejects.toThrow(ConfigurationError);
    expect(effects).toBe(0);
  });

  async function expectRefused(handler: DurableLambdaHandler, payload: object): Promise<void> {
    const execution = await new LocalDurableTestRunner({ handlerFunction: handler }).run({ payload });
    expect(execution.getStatus()).toBe('FAILED');
    expect(execution.getError()).toMatchObject({
      errorType: 'ConfigurationError',
      errorMessage: expect.stringContaining('context.lambdaContext'),
    });
    expect(effects).toBe(0);
    expect(storeRequests).toEqual([]);
  }
});

test('a guard round the whole durable function is refused, for it would record "suspended" as the result', async () => {
  const durable = withDurableExecution(charge);
  const guarded = idempotent(durable, { store, key: ({ DurableExecutionArn }) => DurableExecutionArn });
  const event = { DurableExecutionArn: 'arn', CheckpointToken: 'token', InitialExecutionState: {} };
  const invocation = guarded(event as DurableExecutionInvocationInput, lambdaContext());
  await expect(invocation).rejects.toThrow(ConfigurationError);
  await expect(invocation).rejects.toThrow(/inside it/);
  expect(effects).toBe(0);
  expect(storeRequests).toEqual([]);
});

describe('what is taken for a durable function', () => {
  const BRAND = Symbol.for('@aws/durable-execution-sdk-js/durable-context');
  const step = () => {};

  test.each<[string, unknown]>([
    ['the brand of the SDK, whatever else is there', { [BRAND]: true }],
    ['the shape of its context', { lambdaContext: {}, step }],
  ])('is a context with %s', (_, context) => {
    expect(() => refuseDurableExecution({}, context)).toThrow(/guard the body of a step: context\.step/);
  });

  test.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['a text', 'context'],
    ['a plain one', {}],
    ['one with half of the shape', { step }],
    ['one with the other half', { lambdaContext: {} }],
    ['one with a Lambda context that is none', { lambdaContext: 'none', step }],
    ['a brand that says something else', { [BRAND]: 'no' }],
  ])('is no context that is %s', (_, context) => {
    expect(() => refuseDurableExecution({}, context)).not.toThrow();
  });

  test.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['a text', 'event'],
    ['a name of an execution alone', { DurableExecutionArn: 'arn' }],
    ['a token alone', { CheckpointToken: 'token' }],
    ['members of other types', { DurableExecutionArn: 7, CheckpointToken: 'token' }],
  ])('is no event that is %s', (_, event) => {
    expect(() => refuseDurableExecution(event, {})).not.toThrow();
  });
});

test('an event that only mentions an execution is guarded as any other', async () => {
  const guarded = idempotent(async (_event: object) => ++effects, { store, key: () => 'k1' });
  await guarded({ DurableExecutionArn: 'arn' }, lambdaContext());
  await guarded({ DurableExecutionArn: 'arn' }, lambdaContext());
  expect(effects).toBe(1);
});

test('a step of a durable function can be guarded, with the Lambda context that the durable one carries', async () => {
  const guarded = idempotent(async (order: Order, context: Context) => `${order.orderId} ${typeof context}`, {
    store,
    key: (order) => order.orderId,
  });
  const handler = withDurableExecution(async (order: Order, context: DurableContext) => {
    const charged = await context.step('charge', () => guarded(order, context.lambdaContext));
    await approval(context);
    return charged;
  });
  const execution = await executeApproved(handler, { orderId: 'o1' });
  expect(execution).toEqual({ status: 'SUCCEEDED', result: 'o1 object', invocationsEnded: 2 });
  expect(storeRequests).toEqual(['acquire', 'complete']);
});
