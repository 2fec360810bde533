import { describe, expect, test } from '@jest/globals';
import { type Item, isChunk } from '../../../lib/stores/dynamodb-record.ts';
import { recordOf, storedResult } from '../../../lib/stores/dynamodb-result.ts';
import { digestOf, joinChunks } from '../../../lib/stores/result-chunks.ts';
import { sizedJson } from '../../support/sized-json.ts';

const OWNERSHIP = { id: 'orders#1', owner: 'owner-1' };

const head: Item = {
  id: { S: 'orders#1' },
  status: { S: 'COMPLETED' },
  expiration: { N: '1800000000' },
  in_progress_expiration: { N: '1799999000123' },
  owner: { S: 'owner-1' },
  attempt: { N: '1' },
  validation: { S: 'payload' },
};

const stored = (json: string) =>
  storedResult(OWNERSHIP, { result: { kind: 'json', json }, expiresAtSeconds: 1_800_000_000 });

const unread = () => Promise.reject(new Error('A chunk was read.'));

describe('a result in chunks', () => {
  test('is not read by the one who has just written it', async () => {
    const own = await stored(sizedJson(1000 * 1024, 'incompressible'));
    const record = await recordOf({ ...head, ...own.attributes }, unread, own);
    expect(record.result).toBe(own.result);
    expect(record).toMatchObject({ id: 'orders#1', status: 'COMPLETED' });
  });

  test('is read by one who has written another', async () => {
    const theirs = await stored(sizedJson(1000 * 1024, 'incompressible'));
    const chunks = new Map(theirs.chunks.map((chunk) => [chunk['id']?.S, chunk]));
    const read = async (id: string) => chunks.get(id);
    for (const own of [await stored('1'), await stored(sizedJson(900 * 1024, 'incompressible'))]) {
      expect(await recordOf({ ...head, ...theirs.attributes }, read, own)).toMatchObject({
        result: theirs.result,
      });
    }
  });

  test('of which one has lost its bytes is lost', () => {
    const bytes = Buffer.from('abc');
    expect(joinChunks([{ data: { B: bytes } }], digestOf(bytes))).toEqual(bytes);
    expect(joinChunks([{ data: { B: bytes } }, {}], digestOf(bytes))).toBeUndefined();
  });

  test('that cannot be read for a reason that no store has given shows that reason', async () => {
    const failure = new RangeError('out of memory');
    const { attributes } = await stored(sizedJson(1000 * 1024, 'incompressible'));
    const read = () => Promise.reject(failure);
    await expect(recordOf({ ...head, ...attributes }, read)).rejects.toBe(failure);
  });
});

test('a compressed result whose bytes are gone cannot be read, and its key stays consumed', async () => {
  const { attributes } = await stored(sizedJson(10_000, 'compressible'));
  const { data, ...rest } = attributes;
  await expect(recordOf({ ...head, ...rest }, unread)).rejects.toMatchObject({
    message: expect.stringContaining('attribute "data"'),
    keyConsumed: true,
  });
});

test('an item without a status is no chunk', () => {
  expect(isChunk({ id: { S: 'orders#1' } })).toBe(false);
});
