/** What the compiler promises to users. Checked by tstyche; nothing here runs. */
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  EventBridgeEvent,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import { expect, test } from 'tstyche';
import { deliveryKey } from '../../lib/event-sources/index.ts';
import {
  type CommitConditionError,
  type IdempotencyContext,
  type IdempotentContext,
  idempotency,
  idempotent,
  outcomeUnknown,
} from '../../lib/index.ts';
import { jmespath } from '../../lib/jmespath/index.ts';

interface Order {
  readonly orderId: string;
}

async function addToCart(_event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return { statusCode: 201 };
}

test('a wrapped function keeps its event, its result and its further arguments', () => {
  const handler = idempotent(addToCart);
  expect(handler).type.toBe<
    (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>
  >();
});

test('the key function is given the event of the function that it guards', () => {
  idempotent(async (_record: SQSRecord) => 'done', {
    key: (record) => {
      expect(record).type.toBe<SQSRecord>();
      return record.messageId;
    },
  });
});

test('a key may be that of the delivery, or what a JMESPath expression selects', () => {
  idempotent(async (_record: SQSRecord) => 'done', { key: deliveryKey });
  idempotent(async (_event: EventBridgeEvent<'OrderPlaced', Order>) => 'done', { key: deliveryKey });
  idempotent(async (_order: Order) => 'done', { key: jmespath('orderId') });
  expect(idempotent).type.not.toBeCallableWith(async (_order: Order) => 'done', { key: deliveryKey });
  expect(idempotent).type.not.toBeCallableWith(async (_event: SQSEvent) => 'done', { key: deliveryKey });
});

test('a guarded function sees its attempt', () => {
  idempotent(async (_event: APIGatewayProxyEventV2, context) => {
    expect(context.idempotency).type.toBe<IdempotencyContext>();
  });
});

test('the middleware takes its event from the handler, and gives inline handlers their context', () => {
  middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(idempotency())
    .handler(async (event, context) => {
      expect(event).type.toBe<APIGatewayProxyEventV2>();
      expect(context.idempotency).type.toBe<IdempotencyContext>();
      return { statusCode: 200 };
    });
  middy(addToCart).use(idempotency({ caller: (event: APIGatewayProxyEventV2) => event.headers['x-user'] }));
  middy(async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => ({
    statusCode: 200,
    body: context.idempotency.deriveKey('line'),
  })).use(idempotency());
});

test('commit() takes what the document client takes, and nothing else', () => {
  const { commit } = {} as IdempotencyContext;
  type DocumentClientWrites = NonNullable<TransactWriteCommandInput['TransactItems']>;
  expect(commit).type.toBeCallableWith([] as DocumentClientWrites);
  expect(commit).type.toBeCallableWith([{ Put: { TableName: 'orders', Item: { id: 'o1', at: [1, null] } } }]);
  expect(commit).type.not.toBeCallableWith([{ Get: { TableName: 'orders', Key: { id: 'o1' } } }]);
  expect(commit).type.not.toBeCallableWith([{ Put: { TableName: 'orders', Key: { id: 'o1' } } }]);
  commit([], {
    onConditionFailed: (error) => {
      expect(error).type.toBe<CommitConditionError>();
      return { statusCode: 409 };
    },
  });
});

test('a step has the result of its function, and the signal is a signal', () => {
  const { step, signal } = {} as IdempotencyContext;
  expect(step('charge', async () => ({ chargeId: 'c1' }))).type.toBe<Promise<{ chargeId: string }>>();
  expect(step('count', () => 1)).type.toBe<Promise<number>>();
  expect(step).type.not.toBeCallableWith('charge');
  expect(signal).type.toBe<AbortSignal>();
});

test('a function of onUncertain is given the event of the function that it guards, and must say what it found', () => {
  idempotent(async (_record: SQSRecord) => 'done', {
    key: (record) => record.messageId,
    onUncertain: async ({ event, stepNames, leaseEndedAtMs }) => {
      expect(event).type.toBe<SQSRecord>();
      expect(stepNames).type.toBe<readonly string[]>();
      expect(leaseEndedAtMs).type.toBe<number>();
      return { outcome: 'completed', answer: 'done' };
    },
  });
  expect(idempotency).type.not.toBeCallableWith({ onUncertain: async () => ({ outcome: 'retry' }) });
  expect(idempotency).type.not.toBeCallableWith({ onUncertain: async () => ({ outcome: 'completed' }) });
});

test('options for HTTP and the option `key` exclude each other', () => {
  expect(idempotent).type.not.toBeCallableWith(async (_record: SQSRecord) => {}, {
    key: (record: SQSRecord) => record.messageId,
    keyHeader: 'X-Key',
  });
});

test('a duplicate is refused or waits for so many milliseconds, and nothing else', () => {
  expect(idempotency).type.toBeCallableWith({ onInProgress: { waitMs: 5000 } });
  expect(idempotency).type.toBeCallableWith({ onInProgress: 'reject' });
  expect(idempotency).type.not.toBeCallableWith({ onInProgress: 'wait' });
  expect(idempotency).type.not.toBeCallableWith({ onInProgress: {} });
});

test('a cache is on, off, or bounded, and has no other options', () => {
  expect(idempotency).type.toBeCallableWith({ cache: true });
  expect(idempotency).type.toBeCallableWith({ cache: { maxEntries: 100, maxBytes: 1_000_000 } });
  expect(idempotency).type.not.toBeCallableWith({ cache: 1000 });
  expect(idempotency).type.not.toBeCallableWith({ cache: { ttl: 60 } });
});

test('unknown options do not compile', () => {
  expect(idempotency).type.not.toBeCallableWith({ retention: 60 });
  expect(idempotency).type.not.toBeCallableWith({ resultMaxBytes: '6 MB' });
});

test('an answer that is marked keeps its type', () => {
  expect(outcomeUnknown({ statusCode: 503 })).type.toBe<{ statusCode: number }>();
});
