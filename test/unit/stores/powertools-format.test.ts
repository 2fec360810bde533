import { describe, expect, test } from '@jest/globals';
import { type Item, itemOf } from '../../../lib/stores/dynamodb-record.ts';
import { recordOf as readRecord } from '../../../lib/stores/dynamodb-result.ts';
import type { RecordedResult } from '../../../lib/stores/idempotency-store.ts';
import { POWERTOOLS_FORMAT } from '../../../lib/stores/powertools-format.ts';

const OWNERSHIP = { id: 'orders#1', owner: 'owner-1' };
const recordOf = (item: Item) => readRecord(item, async () => undefined, undefined, POWERTOOLS_FORMAT);
const stored = (result: RecordedResult, remainderJson?: () => string | undefined) =>
  POWERTOOLS_FORMAT.storedResult(OWNERSHIP, {
    result,
    expiresAtSeconds: 1,
    ...(remainderJson && { remainderJson }),
  });
const attributesOf = async (result: RecordedResult) => (await stored(result)).attributes;

/** As Powertools 2.35.0 writes them, with all its options and with none. */
const PEER_LOCK: Item = {
  id: { S: 'orders#1' },
  status: { S: 'INPROGRESS' },
  expiration: { N: '1800000000' },
  in_progress_expiration: { N: '1799999000123' },
  validation: { S: 'payload' },
};
const PEER_BARE: Item = {
  id: { S: 'orders#1' },
  status: { S: 'COMPLETED' },
  expiration: { N: '1800000000' },
};
const settledBy = { settled_by: { S: 'owner-1' } };

describe('a record that Powertools wrote', () => {
  test('is a first attempt without an owner', async () => {
    expect(await recordOf(PEER_LOCK)).toEqual({
      id: 'orders#1',
      status: 'INPROGRESS',
      expiresAtSeconds: 1_800_000_000,
      leaseEndsAtMs: 1_799_999_000_123,
      owner: '',
      attempt: 1,
      fingerprint: 'payload',
    });
  });

  test('holds its key until it expires where it says nothing of an end', async () => {
    expect(await recordOf({ ...PEER_BARE, status: { S: 'INPROGRESS' } })).toMatchObject({
      leaseEndsAtMs: 1_800_000_000_000,
      fingerprint: '',
    });
  });

  test.each([
    [
      'an object',
      { data: { M: { statusCode: { N: '201' } } } },
      { kind: 'json', json: '{"statusCode":201}' },
    ],
    ['a text', { data: { S: 'done' } }, { kind: 'json', json: '"done"' }],
    ['null', { data: { NULL: true } }, { kind: 'json', json: 'null' }],
    ['nothing', {}, { kind: 'undefined' }],
  ])('has its result: %s', async (_, attributes, result) => {
    expect(await recordOf({ ...PEER_BARE, ...(attributes as Item) })).toMatchObject({ result });
  });

  test('does not belong to us, though it completed our lock', async () => {
    const completedOverOurs = { ...PEER_LOCK, owner: { S: 'owner-1' }, status: { S: 'COMPLETED' } };
    expect(await recordOf(completedOverOurs)).toMatchObject({ owner: '' });
    expect(await recordOf({ ...completedOverOurs, ...settledBy })).toMatchObject({ owner: 'owner-1' });
  });

  test('has no result, where what is left of it is gone as well', async () => {
    expect(await recordOf({ ...PEER_BARE, data_omitted: { S: 'too-large' } })).toMatchObject({
      result: { kind: 'omitted', reason: 'too-large' },
    });
  });

  test('that is of another kind is refused by the name of what is wrong', async () => {
    await expect(recordOf({ ...PEER_LOCK, status: { S: 'EXPIRED' } })).rejects.toThrow('attribute "status"');
    await expect(recordOf({ ...PEER_LOCK, validation: { N: '1' } })).rejects.toThrow(
      'attribute "validation"',
    );
  });
});

describe('a result of ours', () => {
  test.each([
    ['JSON', { kind: 'json', json: '{"a":1}' }, { data: { M: { a: { N: '1' } } } }],
    [
      'short JSON that has no native form',
      { kind: 'json', json: '1e+300' },
      { data: { NULL: true }, data_json: { S: '1e+300' } },
    ],
    ['undefined', { kind: 'undefined' }, { data: { NULL: true }, data_encoding: { S: 'undefined' } }],
    [
      'nothing that could be kept',
      { kind: 'omitted', reason: 'too-large' },
      { data: { NULL: true }, data_omitted: { S: 'too-large' } },
    ],
    [
      'what is left of one',
      { kind: 'omitted', reason: 'not-serializable', remainderJson: '{"statusCode":201}' },
      { data: { M: { statusCode: { N: '201' } } }, data_omitted: { S: 'not-serializable' } },
    ],
  ] as const)(
    'has something to replay in `data`, and says who settled: %s',
    async (_, result, attributes) => {
      expect(await attributesOf(result)).toEqual({ ...attributes, ...settledBy });
      expect(await recordOf({ ...PEER_BARE, ...(await attributesOf(result)) })).toMatchObject({
        result,
        owner: 'owner-1',
      });
    },
  );

  test('that is too large for a record lies in chunks, and Powertools finds what is left of it', async () => {
    const json = JSON.stringify({ statusCode: 201, body: 'x'.repeat(400 * 1024) });
    const { attributes, chunks } = await stored({ kind: 'json', json }, () => '{"statusCode":201}');
    expect(attributes).toMatchObject({
      data: { M: { statusCode: { N: '201' } } },
      data_chunks: { N: String(chunks.length) },
      ...settledBy,
    });
    const item = { ...PEER_BARE, ...attributes };
    const byId = new Map(chunks.map((chunk) => [chunk['id']?.S, chunk]));
    const record = await readRecord(item, async (id) => byId.get(id), undefined, POWERTOOLS_FORMAT);
    expect(record.result).toEqual({ kind: 'json', json });
    expect(await recordOf(item)).toMatchObject({
      result: { kind: 'omitted', reason: 'lost', remainderJson: '{"statusCode":201}' },
    });
  });

  test('fits natively up to what an item takes, numbers at their largest', async () => {
    const fitting = JSON.stringify('x'.repeat(390 * 1024));
    expect((await stored({ kind: 'json', json: fitting })).chunks).toEqual([]);
    const numbers = JSON.stringify(Array(20_000).fill(0));
    expect((await stored({ kind: 'json', json: numbers })).chunks).toHaveLength(1);
  });

  test('fits natively to the last byte that is left beside the rest of the record', async () => {
    const roomBytes = 400 * 1024 - 4 * 1024 - 'data'.length;
    const fitting = await stored({ kind: 'json', json: JSON.stringify('x'.repeat(roomBytes)) });
    expect(fitting.attributes['data']).toEqual({ S: 'x'.repeat(roomBytes) });
    const longer = await stored({ kind: 'json', json: JSON.stringify('x'.repeat(roomBytes + 1)) });
    expect(longer.attributes['data']).toEqual({ NULL: true });
    expect(longer.chunks).toHaveLength(1);
  });

  test('without a native form lies beside the record from the first byte beyond a kilobyte', async () => {
    const ofBytes = (count: number) => `[${' '.repeat(count - 2)}]`; // Spaces have no native form.
    expect((await stored({ kind: 'json', json: ofBytes(1024) })).chunks).toEqual([]);
    expect((await stored({ kind: 'json', json: ofBytes(1025) })).chunks).toHaveLength(1);
  });

  test('that was left out, with nothing in its place, has no remainder', async () => {
    const omitted = { kind: 'omitted', reason: 'too-large' } as const;
    const item = { ...PEER_BARE, ...(await attributesOf(omitted)) };
    expect(item.data).toEqual({ NULL: true });
    expect((await recordOf(item)).result).toStrictEqual(omitted);
  });

  test('over which Powertools has written is read as Powertools wrote it', async () => {
    const ours = await attributesOf({ kind: 'undefined' });
    expect(await recordOf({ ...PEER_BARE, ...ours, data: { S: 'theirs' } })).toMatchObject({
      result: { kind: 'json', json: '"theirs"' },
    });
  });

  test('lies beside a lock like any other: the rest of the record is the same', () => {
    const record = {
      id: 'orders#1',
      status: 'INPROGRESS',
      owner: 'owner-1',
      attempt: 1,
      fingerprint: 'payload',
      leaseEndsAtMs: 1_799_999_000_123,
      expiresAtSeconds: 1_800_000_000,
    } as const;
    expect(itemOf(record)).toEqual({ ...PEER_LOCK, owner: { S: 'owner-1' }, attempt: { N: '1' } });
  });
});
