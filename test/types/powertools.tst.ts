/** What the compiler promises to users of `./powertools`. Checked by tstyche; nothing here runs. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import type { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect, test } from 'tstyche';
import {
  type IdempotencyStore,
  idempotency,
  idempotent,
  type StorePromises,
  type TransactionalStore,
} from '../../lib/index.ts';
import {
  fromPersistenceLayer,
  OwnedPersistenceLayer,
  type PersistenceLayerStore,
  sharedWithPowertools,
} from '../../lib/powertools/index.ts';

interface Order {
  readonly orderId: string;
}

const config = new IdempotencyConfig({});

test('the owned layer is one of Powertools', () => {
  const persistenceStore = new OwnedPersistenceLayer({ tableName: 'idempotency' });
  expect(persistenceStore).type.toBeAssignableTo<BasePersistenceLayer>();
  makeIdempotent(async (_order: Order) => 'done', { persistenceStore, config });
  middy(async (_event: APIGatewayProxyEventV2) => ({ statusCode: 201 })).use(
    makeHandlerIdempotent({ persistenceStore, config }),
  );
  expect(OwnedPersistenceLayer).type.not.toBeConstructableWith({ tableName: 'idempotency', keyAttr: 'pk' });
  expect(OwnedPersistenceLayer).type.not.toBeConstructableWith({});
});

test('the shared options go to wrapper and middleware, among others', () => {
  const shared = sharedWithPowertools({ tableName: 'idempotency', config });
  expect(
    idempotent(async (_order: Order, _context: undefined) => 'done', { ...shared, onUncertain: 'block' }),
  ).type.toBe<(event: Order, context: undefined) => Promise<string>>();
  middy(async (_event: APIGatewayProxyEventV2) => ({ statusCode: 201 })).use(idempotency(shared));
  expect(sharedWithPowertools).type.not.toBeCallableWith({ tableName: 'idempotency' });
});

test('a layer as a store says in its type what it does not promise', () => {
  const store = fromPersistenceLayer(new DynamoDBPersistenceLayer({ tableName: 'idempotency' }));
  expect(store).type.toBe<PersistenceLayerStore>();
  expect(store).type.toBeAssignableTo<IdempotencyStore>();
  expect(store).type.not.toBeAssignableTo<TransactionalStore>();
  expect(store.promises.ownerConditional).type.toBe<false>();
  expect(store.promises.renews).type.toBe<false>();
  expect(store.promises.recordsSteps).type.toBe<false>();
  expect(store.promises.takesOver).type.toBe<boolean>();
  expect<IdempotencyStore['promises']>().type.toBe<StorePromises | undefined>();
});
