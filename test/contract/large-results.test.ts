/** How large results lie in the table, and what becomes of them when somebody has been at it: TTL, a newer version. */
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { StoreError } from '../../lib/idempotency/errors.ts';
import { headOf, isChunk } from '../../lib/stores/dynamodb-record.ts';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import type { IdempotencyStore, InProgressRecord } from '../../lib/stores/idempotency-store.ts';
import { allItems } from '../support/all-items.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { leanStore } from '../support/lean.ts';
import { sizedJson } from '../support/sized-json.ts';

const NOW_SECONDS = 1_800_000_000;
const COMPLETED_UNTIL = NOW_SECONDS + 7200;
const REMAINDER = '{"statusCode":201}';
const LOST = { kind: 'omitted', reason: 'lost', remainderJson: REMAINDER };

/** Of 750 KB when compressed: two chunks. */
const TWO_CHUNKS = sizedJson(1000 * 1024, 'incompressible');

let client: DynamoDBClient;
let tableName: string;
let store: IdempotencyStore;
let record: InProgressRecord;

beforeAll(() => {
  client = testClient();
});
afterAll(() => client.destroy());

function lock(owner: string, attempt = 1): InProgressRecord {
  return {
    id: 'orders#1',
    status: 'INPROGRESS',
    owner,
    attempt,
    fingerprint: 'fingerprint',
    leaseEndsAtMs: NOW_SECONDS * 1000 + 10_123,
    expiresAtSeconds: NOW_SECONDS + 3600,
  };
}

function complete(json: string, by = record) {
  return store.complete(by, {
    result: { kind: 'json', json },
    expiresAtSeconds: COMPLETED_UNTIL,
    remainderJson: () => REMAINDER,
  });
}

type Item = Record<string, AttributeValue>;

async function itemOf(id = record.id): Promise<Item | undefined> {
  return (await client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: id } } }))).Item;
}

async function chunkIds(): Promise<string[]> {
  return (await allItems(client, tableName))
    .filter(isChunk)
    .map(({ id }) => id?.S ?? '')
    .sort();
}

/** As somebody else does who writes the table. */
async function set(id: string, name: string, value: AttributeValue): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: { id: { S: id } },
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':value': value },
    }),
  );
}

async function remove(id: string): Promise<void> {
  await client.send(new DeleteItemCommand({ TableName: tableName, Key: { id: { S: id } } }));
}

/** Through the SDK, and without it. */
const STORES = [
  ['a DynamoDbStore', () => ({ opened: new DynamoDbStore({ tableName, client }), close: () => {} })],
  [
    'a LeanDynamoDbStore',
    () => {
      const opened = leanStore({ tableName });
      return { opened, close: () => opened.destroy() };
    },
  ],
] as const;

describe.each(STORES)('in %s:', (_name, open) => {
  let close: () => void;

  beforeEach(async () => {
    tableName = await createIdempotencyTable(client);
    const { opened, ...others } = open();
    store = opened;
    close = others.close;
    record = lock('owner-1');
    await store.acquire(record, NOW_SECONDS);
  });
  afterEach(() => close());

  describe('the form of a result', () => {
    test.each([
      ['fits the first write unit', sizedJson(768, 'compressible')],
      ['saves no write unit when compressed', sizedJson(1000, 'incompressible')],
    ])('that %s is a string, which the console shows', async (_, json) => {
      await complete(json);
      const item = await itemOf();
      expect(item?.['data']).toEqual({ S: json });
      expect(item).not.toHaveProperty('data_encoding');
    });

    test.each([
      ['of one byte more', sizedJson(769, 'compressible')],
      ['of the largest size, if it can be compressed', sizedJson(6 * 1024 * 1024, 'compressible')],
    ])('%s is compressed, with its length beside it', async (_, json) => {
      await complete(json);
      expect(await itemOf()).toMatchObject({
        status: { S: 'COMPLETED' },
        data: { B: expect.any(Uint8Array) },
        data_encoding: { S: 'br' },
        data_bytes: { N: String(json.length) },
      });
      expect(await allItems(client, tableName)).toHaveLength(1);
    });

    test('that is long even when compressed lies in chunks, which the record counts and seals', async () => {
      await complete(TWO_CHUNKS);
      expect(await itemOf()).toMatchObject({
        status: { S: 'COMPLETED' },
        data: { S: REMAINDER },
        data_encoding: { S: 'br' },
        data_bytes: { N: String(TWO_CHUNKS.length) },
        data_chunks: { N: '2' },
        data_digest: { S: expect.stringMatching(/^[\w-]{43}$/) },
      });
      expect(await chunkIds()).toEqual(['orders#1#chunk#owner-1#0', 'orders#1#chunk#owner-1#1']);
    });

    test('leaves no doubt of which items are chunks, and TTL deletes them as it does the record', async () => {
      await complete(TWO_CHUNKS);
      const items = await allItems(client, tableName);
      const chunks = items.filter(isChunk);
      const others = items.filter((item) => !isChunk(item));
      expect(others.map(({ id }) => id)).toEqual([{ S: record.id }]);
      expect(chunks.map(({ status, expiration }) => [status, expiration])).toEqual(
        Array(2).fill([{ S: 'CHUNK' }, { N: String(COMPLETED_UNTIL) }]),
      );
      for (const chunk of chunks) expect(() => headOf(chunk)).toThrow(StoreError);
    });
  });

  describe('a result in chunks', () => {
    test('of the longest id and the largest size fits its items', async () => {
      const long = { ...record, id: `${'é'.repeat(255)}#${'h'.repeat(43)}`, owner: 'o'.repeat(36) };
      await store.acquire(long, NOW_SECONDS);
      const json = sizedJson(store.maxResultBytes, 'incompressible');
      expect(await complete(json, long)).toEqual({ applied: true });
      expect(await store.read(long.id)).toMatchObject({ result: { json } });
    });

    test.each([0, 1])('of which chunk %i is missing is lost, and the key stays consumed', async (index) => {
      await complete(TWO_CHUNKS);
      await remove(`orders#1#chunk#owner-1#${index}`);
      const current = { status: 'COMPLETED', owner: 'owner-1', result: LOST };
      expect(await store.read(record.id)).toMatchObject(current);
      expect(await store.acquire(lock('owner-2'), NOW_SECONDS)).toMatchObject({ applied: false, current });
      expect(await itemOf()).toMatchObject({ status: { S: 'COMPLETED' }, data_chunks: { N: '2' } });
    });

    test('of which nothing was left is lost without a remainder', async () => {
      await store.complete(record, {
        result: { kind: 'json', json: TWO_CHUNKS },
        expiresAtSeconds: COMPLETED_UNTIL,
      });
      for (const id of await chunkIds()) await remove(id);
      expect(await store.read(record.id)).toMatchObject({ result: { kind: 'omitted', reason: 'lost' } });
    });

    test.each([
      [
        'one bit is another',
        (data: Buffer) => Buffer.concat([Buffer.of((data[0] ?? 0) ^ 1), data.subarray(1)]),
      ],
      ['a byte is missing', (data: Buffer) => data.subarray(1)],
      ['bytes were added', (data: Buffer) => Buffer.concat([data, Buffer.of(0)])],
      ['nothing is left', () => Buffer.alloc(0)],
    ])('of which %s is lost', async (_, damage) => {
      await complete(TWO_CHUNKS);
      const [id = ''] = await chunkIds();
      const data = (await itemOf(id))?.['data']?.B;
      await set(id, 'data', { B: damage(Buffer.from(data ?? [])) });
      expect(await store.read(record.id)).toMatchObject({ status: 'COMPLETED', result: LOST });
    });

    test('whose chunks have changed places is lost', async () => {
      await complete(TWO_CHUNKS);
      const [first = '', second = ''] = await chunkIds();
      const items = [await itemOf(first), await itemOf(second)];
      await client.send(
        new PutItemCommand({ TableName: tableName, Item: { ...items[0], id: { S: second } } }),
      );
      await client.send(
        new PutItemCommand({ TableName: tableName, Item: { ...items[1], id: { S: first } } }),
      );
      expect(await store.read(record.id)).toMatchObject({ result: LOST });
    });
  });

  describe('a result whose chunks were all exchanged', () => {
    test('for those of another one of the same length, is lost and not that one', async () => {
      await complete(TWO_CHUNKS);
      const other = { ...record, id: 'orders#2', owner: 'owner-2' };
      await store.acquire(other, NOW_SECONDS);
      await complete(TWO_CHUNKS.replace(/^"../, '"zz'), other);
      for (const index of [0, 1]) {
        const theirs = await itemOf(`orders#2#chunk#owner-2#${index}`);
        await set(`orders#1#chunk#owner-1#${index}`, 'data', { B: theirs?.['data']?.B ?? Buffer.alloc(0) });
      }
      expect(await store.read(record.id)).toMatchObject({ status: 'COMPLETED', result: LOST });
      expect(await store.read(other.id)).toMatchObject({ result: { kind: 'json' } });
    });
  });

  describe('attempts that do not finish', () => {
    const other = JSON.stringify(`other ${sizedJson(1000 * 1024, 'incompressible')}`);

    test('a superseded attempt leaves chunks that nobody reads, and that expire', async () => {
      const successor = lock('owner-2', 2);
      await store.takeOver(successor, record);
      expect(await complete(TWO_CHUNKS)).toEqual({ applied: false, current: successor });
      await complete(other, successor);
      expect(await store.read(record.id)).toMatchObject({ owner: 'owner-2', result: { json: other } });
      const orphans = (await allItems(client, tableName)).filter(({ id }) =>
        id?.S?.includes('#chunk#owner-1#'),
      );
      expect(orphans.map(({ expiration }) => expiration)).toEqual(
        Array(2).fill({ N: String(COMPLETED_UNTIL) }),
      );
    });

    test('and one that comes late cannot write over the chunks of the one that completed', async () => {
      const successor = lock('owner-2', 2);
      await store.takeOver(successor, record);
      await complete(other, successor);
      expect(await complete(TWO_CHUNKS)).toMatchObject({ applied: false, current: { owner: 'owner-2' } });
      expect(await store.read(record.id)).toMatchObject({ result: { json: other } });
    });

    test('one that ended after its first chunk has completed nothing', async () => {
      let requests = 0;
      const dying = testClient({ maxAttempts: 1 });
      dying.middlewareStack.add(
        (next) => (args) => {
          requests += 1;
          if (requests > 1) throw new Error('the process has ended');
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'dying' },
      );
      const dead = new DynamoDbStore({ tableName, client: dying });
      const result = { kind: 'json', json: TWO_CHUNKS } as const;
      await expect(dead.complete(record, { result, expiresAtSeconds: COMPLETED_UNTIL })).rejects.toThrow();
      dying.destroy();
      expect(await chunkIds()).toEqual(['orders#1#chunk#owner-1#0']);
      expect(await store.read(record.id)).toEqual(record);

      const successor = lock('owner-2', 2);
      await store.takeOver(successor, record);
      await complete(other, successor);
      expect(await store.read(record.id)).toMatchObject({ attempt: 2, result: { json: other } });
    });
  });

  describe('a result that this version cannot read', () => {
    const compressible = sizedJson(10_000, 'compressible');

    test.each([
      ['of another encoding', 'data_encoding', { S: 'zstd' }, compressible],
      ['whose encoding is no name', 'data_encoding', { N: '1' }, compressible],
      ['that is said to be larger than any', 'data_bytes', { N: String(6 * 1024 * 1024 + 1) }, compressible],
      ['that is said to have no bytes', 'data_bytes', { N: '0' }, compressible],
      ['of a byte and a half', 'data_bytes', { N: '1.5' }, compressible],
      ['whose compressed bytes are a string', 'data', { S: 'text' }, compressible],
      ['of more chunks than any has', 'data_chunks', { N: '17' }, TWO_CHUNKS],
      ['of no chunks', 'data_chunks', { N: '0' }, TWO_CHUNKS],
      ['whose digest is no text', 'data_digest', { N: '1' }, TWO_CHUNKS],
      ['omitted for a reason that is new', 'data_omitted', { S: 'secret' }, '1'],
      ['that is a map, as Powertools writes it', 'data', { M: {} }, '1'],
    ] as const)('%s is a store error, and the record stays as it is', async (_, name, value, json) => {
      await complete(json);
      await set(record.id, name, value);
      const before = await itemOf();
      const attempts = [() => store.read(record.id), () => store.acquire(lock('owner-2'), NOW_SECONDS)];
      for (const attempt of attempts) {
        await expect(attempt()).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringContaining(`attribute "${name}"`),
          keyConsumed: true,
        });
      }
      expect(await itemOf()).toEqual(before);
    });
  });

  test('a record of a status that is new is a store error, and says nothing of the key', async () => {
    await complete('1');
    await set(record.id, 'status', { S: 'ABANDONED' });
    await expect(store.read(record.id)).rejects.toMatchObject({
      message: expect.stringContaining('attribute "status"'),
      keyConsumed: false,
    });
  });

  describe('compressed bytes that are not what they should be', () => {
    const json = sizedJson(10_000, 'compressible');

    test.each([
      ['that are cut off', (data: Buffer) => data.subarray(0, -1)],
      ['that are none', () => Buffer.from('not compressed at all')],
    ])('%s are a lost result', async (_, damage) => {
      await complete(json);
      const data = (await itemOf())?.['data']?.B;
      await set(record.id, 'data', { B: damage(Buffer.from(data ?? [])) });
      expect(await store.read(record.id)).toMatchObject({
        status: 'COMPLETED',
        result: { kind: 'omitted', reason: 'lost' },
      });
    });

    test.each([9_999, 10_001])(
      'that make another length than the stated %i are a lost result',
      async (bytes) => {
        await complete(json);
        await set(record.id, 'data_bytes', { N: String(bytes) });
        expect(await store.read(record.id)).toMatchObject({ result: { kind: 'omitted', reason: 'lost' } });
      },
    );
  });
});
