import { describe, expect, test } from '@jest/globals';
import { completionUpdate } from '../../../lib/stores/dynamodb-requests.ts';

const OWNERSHIP = { id: 'orders#1', owner: 'owner-1' };
const update = (stepNames?: readonly string[]) =>
  completionUpdate('idempotency', OWNERSHIP, { expiresAtSeconds: 1, ...(stepNames && { stepNames }) }, {});

describe('a completion', () => {
  test.each([[undefined], [[]]])('with the steps %p removes nothing', (stepNames) => {
    const { UpdateExpression, ExpressionAttributeNames } = update(stepNames);
    expect(UpdateExpression).toBe('SET #status = :completed, #expiration = :expiration');
    expect(Object.keys(ExpressionAttributeNames)).toEqual(['#status', '#owner', '#expiration']);
  });

  test('removes the attributes of its steps, and no others', () => {
    expect(update(['reserve', 'charge'])).toMatchObject({
      UpdateExpression: 'SET #status = :completed, #expiration = :expiration REMOVE #step0, #step1',
      ExpressionAttributeNames: { '#step0': 'step:reserve', '#step1': 'step:charge' },
    });
  });
});
