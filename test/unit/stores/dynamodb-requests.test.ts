import { describe, expect, test } from '@jest/globals';
import { completionUpdate, takeOverUpdate } from '../../../lib/stores/dynamodb-requests.ts';

const OWNERSHIP = { id: 'orders#1', owner: 'owner-1' };
const update = (stepNames?: readonly string[]) =>
  completionUpdate('idempotency', OWNERSHIP, { expiresAtSeconds: 1, ...(stepNames && { stepNames }) }, {});

describe('a takeover', () => {
  const record = {
    ...OWNERSHIP,
    status: 'INPROGRESS',
    attempt: 2,
    fingerprint: 'payload',
    leaseEndsAtMs: 2,
    expiresAtSeconds: 1,
  } as const;

  test('of a lock that names no owner has a value for none, since DynamoDB refuses what no expression uses', () => {
    const { ConditionExpression, ExpressionAttributeValues } = takeOverUpdate('idempotency', record, {
      id: OWNERSHIP.id,
      owner: '',
      leaseEndsAtMs: 1,
    });
    expect(ConditionExpression).toContain('attribute_not_exists(#owner)');
    expect(ExpressionAttributeValues).toHaveProperty([':inProgress'], { S: 'INPROGRESS' });
    expect(ExpressionAttributeValues).not.toHaveProperty([':owner']);
  });
});

describe('a completion', () => {
  test.each([[undefined], [[]]])('with the steps %p removes nothing', (stepNames) => {
    const { UpdateExpression, ExpressionAttributeNames } = update(stepNames);
    expect(UpdateExpression).toBe('SET #status = :completed, #expiration = :expiration');
    expect(Object.keys(ExpressionAttributeNames).sort()).toEqual(['#expiration', '#owner', '#status']);
  });

  test('removes the attributes of its steps, and no others', () => {
    expect(update(['reserve', 'charge'])).toMatchObject({
      UpdateExpression: 'SET #status = :completed, #expiration = :expiration REMOVE #step0, #step1',
      ExpressionAttributeNames: { '#step0': 'step:reserve', '#step1': 'step:charge' },
    });
  });
});
