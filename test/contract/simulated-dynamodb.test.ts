/** The DynamoDB of the simulation, held to what the store does on real engines. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import { fulfils, updated } from '../simulation/dynamodb/expressions.ts';
import { type Request, SimulatedDynamoDb } from '../simulation/dynamodb/simulated-dynamodb.ts';
import { counterWrites } from './counters.ts';
import { describeStoreContract } from './store-contract.ts';
import { describeTransactionalStoreContract } from './transactional-store-contract.ts';

const TABLE = 'idempotency';

function open() {
  const engine = new SimulatedDynamoDb(() => 1_800_000_000_000);
  const client = { send: async (request: Request) => engine.execute(request) } as unknown as DynamoDBClient;
  return { engine, store: new DynamoDbStore({ tableName: TABLE, client }) };
}

describeStoreContract('DynamoDbStore on the simulated DynamoDB', () => open().store);

describeTransactionalStoreContract('DynamoDbStore on the simulated DynamoDB', () => {
  const { engine, store } = open();
  return {
    store,
    ...counterWrites(TABLE),
    countOf: async (counter) => Number(engine.item(TABLE, counter)?.['value']?.N ?? 0),
  };
});

describe('an expression that the simulated DynamoDB does not know', () => {
  const context = { names: { '#a': 'a' }, values: { ':one': { N: '1' } } };

  test.each(['begins_with(#a, :one)', '#a = :one OR', '#a = :two', '#b = :one', '(#a = :one)', '#a <> :one'])(
    'is refused as a condition, and not guessed: %s',
    (expression) => {
      expect(() => fulfils({}, expression, context)).toThrow(/simulated DynamoDB|was given for/);
    },
  );

  test.each(['SET #a = #a + :one', 'SET #a', 'DELETE #a :one', 'REMOVE #b'])(
    'is refused as an update, and not guessed: %s',
    (expression) => {
      expect(() => updated({ a: { N: '1' } }, expression, context)).toThrow(
        /simulated DynamoDB|was given for/,
      );
    },
  );
});
