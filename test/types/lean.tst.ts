import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect, test } from 'tstyche';
import type * as main from '../../lib/index.ts';
import * as lean from '../../lib/lean/index.ts';

test('the guards are typed as those of the main entry', () => {
  expect(lean.idempotency).type.toBe<typeof main.idempotency>();
  expect(lean.idempotent).type.toBe<typeof main.idempotent>();
  expect(lean.idempotency<APIGatewayProxyEventV2>).type.toBeCallableWith({
    store: new lean.LeanDynamoDbStore({ tableName: 't' }),
  });
});

test('the store can do what a DynamoDbStore can', () => {
  expect<lean.LeanDynamoDbStore>().type.toBeAssignableTo<main.TransactionalStore>();
});

test('credentials fit as the SDK takes them, and its clients do not', () => {
  expect(lean.LeanDynamoDbStore).type.toBeConstructableWith({
    tableName: 't',
    credentials: {} as NonNullable<DynamoDBClientConfig['credentials']>,
  });
  expect(lean.LeanDynamoDbStore).type.not.toBeConstructableWith({ tableName: 't', client: {} });
});
