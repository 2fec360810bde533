import { describe, expect, test } from '@jest/globals';
import { ATTRIBUTES, type Item, itemOf } from '../../../lib/stores/dynamodb-record.ts';
import { recordOf as readRecord, storedResult } from '../../../lib/stores/dynamodb-result.ts';
import type { InProgressRecord, RecordedResult } from '../../../lib/stores/idempotency-store.ts';

const recordOf = (item: Item) => readRecord(item, async () => undefined);
const resultAttributes = async (result: RecordedResult) =>
  (await storedResult({ id: 'orders#1', owner: 'owner-1' }, { result, expiresAtSeconds: 1 })).attributes;

const record: InProgressRecord = {
  id: 'orders#1',
  status: 'INPROGRESS',
  expiresAtSeconds: 1_800_000_000,
  leaseEndsAtMs: 1_799_999_000_123,
  owner: 'owner-1',
  attempt: 2,
  fingerprint: 'payload',
};

const lock: Item = {
  id: { S: 'orders#1' },
  status: { S: 'INPROGRESS' },
  expiration: { N: '1800000000' },
  in_progress_expiration: { N: '1799999000123' },
  owner: { S: 'owner-1' },
  attempt: { N: '2' },
  validation: { S: 'payload' },
};

const completed: Item = { ...lock, status: { S: 'COMPLETED' } };

describe('a record as an item', () => {
  test('has the attributes of Powertools, so that its tools can read our tables', async () => {
    expect(itemOf(record)).toEqual(lock);
    expect(await resultAttributes({ kind: 'json', json: '{"a":1}' })).toEqual({ data: { S: '{"a":1}' } });
    expect(Object.isFrozen(ATTRIBUTES)).toBe(true);
  });

  test('says of a result that is missing why it is', async () => {
    expect(await resultAttributes({ kind: 'omitted', reason: 'not-serializable' })).toEqual({
      data_omitted: { S: 'not-serializable' },
    });
    expect(
      await resultAttributes({ kind: 'omitted', reason: 'too-large', remainderJson: '{"statusCode":201}' }),
    ).toEqual({ data_omitted: { S: 'too-large' }, data: { S: '{"statusCode":201}' } });
  });
});

describe('an item as a record', () => {
  test('is what was written', async () => {
    expect(await recordOf(lock)).toEqual(record);
  });

  test.each([
    ['its JSON', { data: { S: '""' } }, { kind: 'json', json: '""' }],
    ['nothing, where `undefined` was returned', {}, { kind: 'undefined' }],
    ['why there is none', { data_omitted: { S: 'too-large' } }, { kind: 'omitted', reason: 'too-large' }],
    [
      'why there is none, and what is left of it',
      { data_omitted: { S: 'not-serializable' }, data: { S: '{"statusCode":201}' } },
      { kind: 'omitted', reason: 'not-serializable', remainderJson: '{"statusCode":201}' },
    ],
  ] as const)('has as its result %s', async (_, attributes, result) => {
    expect(await recordOf({ ...completed, ...attributes })).toStrictEqual({
      ...record,
      status: 'COMPLETED',
      result,
    });
  });
});

test('a completed record has no steps, whatever attributes are left of them', async () => {
  const item = { ...lock, 'step:charge': { S: '"charged"' } };
  expect(await recordOf(item)).toMatchObject({ steps: { charge: '"charged"' } });
  expect(await recordOf({ ...item, status: { S: 'COMPLETED' } })).not.toHaveProperty('steps');
});

describe('an item that is no record of this library is told from one, by the attribute that is wrong', () => {
  const names = ['id', 'status', 'expiration', 'in_progress_expiration', 'owner', 'attempt', 'validation'];

  test.each(names)('%s is missing', async (name) => {
    const { [name]: _, ...rest } = lock;
    await expect(recordOf(rest)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(recordOf(rest)).rejects.toThrow(`attribute "${name}"`);
  });

  test.each<[string, Item]>([
    ['expiration', { ...lock, expiration: { S: '1800000000' } }],
    ['attempt', { ...lock, attempt: { N: 'second' } }],
    ['owner', { ...lock, owner: { N: '1' } }],
    ['status', { ...lock, status: { S: 'EXPIRED' } }],
    ['data', { ...completed, data: { M: { statusCode: { N: '201' } } } }],
    ['data_omitted', { ...completed, data_omitted: { S: 'a reason of a later release' }, data: { S: '1' } }],
  ])('%s is of another kind', async (name, item) => {
    await expect(recordOf(item)).rejects.toThrow(`attribute "${name}"`);
  });
});
