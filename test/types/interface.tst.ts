/** What the compiler promises to users. Checked by tstyche; nothing here runs. */
import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  SQSRecord,
} from 'aws-lambda';
import { expect, test } from 'tstyche';
import {
  type IdempotencyContext,
  type IdempotentContext,
  idempotency,
  idempotent,
  outcomeUnknown,
} from '../../lib/index.ts';

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
});

test('an answer that is marked keeps its type', () => {
  expect(outcomeUnknown({ statusCode: 503 })).type.toBe<{ statusCode: number }>();
});
