import type { TransactionalSetUp } from './transactional-store-contract.ts';

/** Writes to counters in `tableName`, which may be the idempotency table: a transaction does not care, and no record has such an id. */
export function counterWrites(tableName: string): Pick<TransactionalSetUp, 'increment' | 'createCounter'> {
  const add = (counter: string) => ({
    TableName: tableName,
    Key: { id: counter },
    UpdateExpression: 'ADD #value :one',
    ExpressionAttributeNames: { '#value': 'value' },
    ExpressionAttributeValues: { ':one': 1 },
  });
  return {
    increment: (counter) => ({ Update: add(counter) }),
    createCounter: (counter) => ({
      Update: { ...add(counter), ConditionExpression: 'attribute_not_exists(id)' },
    }),
  };
}
