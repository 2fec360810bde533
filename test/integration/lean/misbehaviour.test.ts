/** A real server that misbehaves, and what a LeanDynamoDbStore makes of it: another try, a clear error, never a wrong outcome. */
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { LeanDynamoDbStore, LeanDynamoDbStoreOptions } from '../../../lib/lean/index.ts';
import type { InProgressRecord } from '../../../lib/stores/idempotency-store.ts';
import { leanStore } from '../../support/lean.ts';
import {
  type Line,
  refusing,
  replying,
  type ScriptedServer,
  startScriptedServer,
  succeeding,
} from '../../support/scripted-server.ts';
import { until } from '../../support/until.ts';

const LOCK: InProgressRecord = {
  id: 'orders#1',
  status: 'INPROGRESS',
  owner: 'me',
  attempt: 1,
  fingerprint: 'payload',
  leaseEndsAtMs: 1_800_000_010_000,
  expiresAtSeconds: 1_800_003_600,
};
const ITEM = {
  id: { S: LOCK.id },
  status: { S: 'INPROGRESS' },
  owner: { S: 'somebody else' },
  attempt: { N: '1' },
  validation: { S: 'payload' },
  in_progress_expiration: { N: '1800000010000' },
  expiration: { N: '1800003600' },
};

let server: ScriptedServer;
let store: LeanDynamoDbStore;

async function open(script: readonly Line[], options: Partial<LeanDynamoDbStoreOptions> = {}): Promise<void> {
  server = await startScriptedServer(script);
  store = leanStore({ tableName: 'orders', endpoint: server.endpoint, requestTimeoutMs: 5000, ...options });
}

afterEach(async () => {
  store.destroy();
  await server.close();
});

const acquire = () => store.acquire(LOCK, 1_800_000_000);
const read = () => store.read(LOCK.id);

/** Never answers, and leaves the connection open. */
const silent: Line = () => {};
const resetting: Line = (_response, socket) => socket.resetAndDestroy();
const cuttingOff: Line = (response, socket) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': 100 });
  response.write('{"Item":', () => socket.destroy());
};

describe('what may pass is tried again', () => {
  test.each<[string, Line]>([
    ['a reset', resetting],
    ['a reply that breaks off', cuttingOff],
    ['status 500', refusing('InternalServerError', { status: 500 })],
    ['status 503 with a page', replying(503, '<h1>busy</h1>', { 'content-type': 'text/html' })],
    ['status 502 without a body', replying(502, '')],
    ['status 429', replying(429, '')],
    ['ProvisionedThroughputExceededException', refusing('ProvisionedThroughputExceededException')],
    ['ThrottlingException', refusing('ThrottlingException')],
    ['RequestLimitExceeded', refusing('RequestLimitExceeded')],
    ['TransactionInProgressException', refusing('TransactionInProgressException')],
    ['a reply with another checksum', replying(200, {}, { 'x-amz-crc32': '1' })],
  ])('%s', async (_, line) => {
    await open([line, succeeding]);
    expect(await acquire()).toEqual({ applied: true });
    expect(server.received).toHaveLength(2);
    // The same request: what had been applied is known again by its owner, or by its token.
    expect(server.received[1]?.body).toBe(server.received[0]?.body);
  });

  test('silence, after the time-out', async () => {
    await open([silent, succeeding], { requestTimeoutMs: 200 });
    expect(await acquire()).toEqual({ applied: true });
    // The connection of the first is not used again: its reply could still come.
    expect(server.received.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  test('a reply that stops in the middle, after the time-out', async () => {
    const stalling: Line = (response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': 100 });
      response.write('{"Item":');
    };
    await open([stalling, succeeding], { requestTimeoutMs: 200 });
    expect(await acquire()).toEqual({ applied: true });
  });

  test('as often as maxAttempts says, and the last failure is told', async () => {
    await open([refusing('InternalServerError', { status: 500 })], { maxAttempts: 4 });
    await expect(acquire()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { name: 'InternalServerError', $metadata: { httpStatusCode: 500 } },
    });
    expect(server.received).toHaveLength(4);
  });

  test('with a new signature, which is of its own time', async () => {
    await open([resetting, succeeding]);
    await acquire();
    for (const { headers } of server.received) {
      expect(headers['authorization']).toMatch(
        /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/eu-west-1\/dynamodb\/aws4_request/,
      );
      expect(headers['x-amz-target']).toBe('DynamoDB_20120810.PutItem');
    }
  });
});

describe('what is an answer is not tried again', () => {
  test('a condition that does not hold brings back the record', async () => {
    await open([refusing('ConditionalCheckFailedException', { Item: ITEM })]);
    expect(await acquire()).toEqual({
      applied: false,
      current: expect.objectContaining({ owner: 'somebody else', attempt: 1 }),
    });
    expect(server.received).toHaveLength(1);
  });

  test.each([
    'ValidationException',
    'AccessDeniedException',
    'ResourceNotFoundException',
    'AnExceptionOfTomorrow',
  ])('%s is a store error with that name as its cause', async (code) => {
    await open([refusing(code)]);
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { name: code } });
    expect(server.received).toHaveLength(1);
  });
});

describe('what is no answer of DynamoDB’s is never taken for one', () => {
  const json = 'application/x-amz-json-1.0';
  test.each<[string, Line]>([
    ['an empty reply', replying(200, '')],
    ['a page', replying(200, '<h1>Log in to the hotel</h1>', { 'content-type': 'text/html' })],
    ['JSON that is not said to be', replying(200, '{}', { 'content-type': 'text/plain' })],
    ['half of a JSON object', replying(200, '{"Item":{"id"', { 'content-type': json })],
    ['a list', replying(200, '[]')],
    ['null', replying(200, 'null')],
    ['an item that is a text', replying(200, { Item: 'text' })],
    ['an attribute that is a text', replying(200, { Item: { id: 'text' } })],
    ['another success', replying(204, '')],
    ['a redirect', replying(302, {}, { location: 'http://127.0.0.1:1/' })],
    ['a refusal without a code', replying(400, { message: 'no' })],
    ['a refusal with a code that is none', replying(400, { __type: 'a b\nc', message: 'no' })],
    ['a failed condition with no item in its item', refusing('ConditionalCheckFailedException', { Item: 7 })],
  ])('%s', async (_, line) => {
    await open([line]);
    for (const operation of [acquire, read]) {
      await expect(operation()).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        cause: { name: 'UnreadableReplyError', message: expect.not.stringContaining('hotel') },
      });
    }
    expect(server.received).toHaveLength(2);
  });

  test('what is no HTTP keeps none of its bytes on the error', async () => {
    await open([(_response, socket) => void socket.end('SECRET reply that is no HTTP\r\n\r\n')]);
    const error = (await read().catch((failure: unknown) => failure)) as { readonly cause: object };
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { code: expect.stringMatching(/^HPE_/) },
    });
    expect(error.cause).not.toHaveProperty('rawPacket');
  });

  test('a reply that has no end is given up, and so is its connection', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, ' ');
    const endless: Line = (response) => {
      response.writeHead(200, { 'content-type': json });
      const more = () => {
        while (!response.destroyed && response.write(mebibyte));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await open([endless]);
    await expect(read()).rejects.toMatchObject({
      cause: { message: 'The reply has more than 16777216 bytes.' },
    });
    await until('its connections are closed', () => server.sockets.size === 0);
  });
});

describe('connections', () => {
  test('are kept, and used again', async () => {
    await open([succeeding]);
    for (let i = 0; i < 5; i++) await acquire();
    expect(new Set(server.received.map(({ connection }) => connection)).size).toBe(1);
  });

  test('that were closed meanwhile, all at once, are no error to the caller', async () => {
    await open([succeeding]);
    await Promise.all(Array.from({ length: 8 }, acquire));
    expect(server.sockets.size).toBeGreaterThan(1);
    // Resets that arrive while nobody looks, as in a sandbox that is frozen.
    for (const socket of server.sockets) socket.resetAndDestroy();
    expect(await acquire()).toEqual({ applied: true });
  });

  test('of which one is found dead are all given up, so that the next try has a new one', async () => {
    await open([...Array<Line>(8).fill(succeeding), resetting, succeeding], { maxAttempts: 2 });
    await Promise.all(Array.from({ length: 8 }, acquire));
    const opened = new Set(server.received.map(({ connection }) => connection)).size;
    expect(opened).toBeGreaterThan(1);
    expect(await acquire()).toEqual({ applied: true });
    const [dead, fresh] = server.received.slice(8).map(({ connection }) => connection);
    expect(dead).toBeLessThanOrEqual(opened);
    expect(fresh).toBe(opened + 1);
  });

  test('are no more than maxSockets at a time', async () => {
    await open([succeeding], { maxSockets: 2 });
    await Promise.all(Array.from({ length: 20 }, acquire));
    expect(server.received).toHaveLength(20);
    expect(new Set(server.received.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
  });

  test('are closed by destroy(), and opened again by whoever goes on', async () => {
    await open([succeeding]);
    await acquire();
    store.destroy();
    await until('its connections are closed', () => server.sockets.size === 0);
    expect(await acquire()).toEqual({ applied: true });
  });
});

describe('a clock that is wrong', () => {
  const dated = (offsetMs: number) => ({ date: new Date(Date.now() + offsetMs).toUTCString() });

  test('is put right by the reply that says so, and what was refused for it is tried again', async () => {
    const refused = {
      __type: 'com.amazon.coral.service#InvalidSignatureException',
      message: 'not yet current',
    };
    await open([replying(400, refused, dated(-3_600_000)), replying(200, {}, dated(-3_600_000))]);
    expect(await acquire()).toEqual({ applied: true });
    const [first, second] = server.received.map(({ headers }) => timeOf(String(headers['x-amz-date'])));
    expect((first ?? 0) - (second ?? 0)).toBeGreaterThan(3_500_000);
  });

  test('is none where the reply is of the same time: the refusal stands', async () => {
    await open([refusing('InvalidSignatureException')]);
    await expect(acquire()).rejects.toMatchObject({ cause: { name: 'InvalidSignatureException' } });
    expect(server.received).toHaveLength(1);
  });

  test('makes no other try of what was refused for something else', async () => {
    const refused = { __type: 'x#ConditionalCheckFailedException', message: 'no', Item: ITEM };
    await open([replying(400, refused, dated(-3_600_000))]);
    expect(await acquire()).toMatchObject({ applied: false });
    expect(server.received).toHaveLength(1);
  });

  function timeOf(amzDate: string): number {
    return Date.parse(amzDate.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
  }
});

test('a reply with its own checksum is taken', async () => {
  const body = JSON.stringify({ Item: ITEM });
  await open([replying(200, body, { 'x-amz-crc32': String(crc32(body)) })]);
  expect(await read()).toMatchObject({ owner: 'somebody else' });
});

test('a budget, shared by all requests, keeps retries from prolonging an outage', async () => {
  await open([refusing('InternalServerError', { status: 500 })], { maxAttempts: 10 });
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, read));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  // 300 without one: AWS's own has 500 units, of which a try after such a failure takes 14.
  expect(server.received.length).toBeLessThan(70);
});

test('nothing that fails leaves an unhandled rejection or an error event behind', async () => {
  const unhandled: unknown[] = [];
  const keep = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', keep);
  process.on('uncaughtException', keep);
  try {
    await open([resetting, cuttingOff, silent, replying(200, 'x')], {
      requestTimeoutMs: 100,
      maxAttempts: 1,
    });
    for (let i = 0; i < 6; i++) await read().catch(() => {});
    store.destroy();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', keep);
    process.off('uncaughtException', keep);
  }
  expect(unhandled).toEqual([]);
});
