/** The outbox: what is not settled outlives the page or process, within bounds. */
import { describe, expect, test } from '@jest/globals';
import {
  createIdempotencyClient,
  type IdempotencyClientOptions,
  memoryStorage,
  type OutboxOptions,
  type OutboxStorage,
} from '../../lib/client/index.ts';
import { json, withoutPauses } from './settings.ts';
import { answers, delayed, dropAfter, useUnrulyServer } from './unruly-server.ts';

const server = useUnrulyServer();
const book = json({ sku: 'book-1' });

/** A page or process: all that it shares with the next one is the storage. */
function begin(outbox: OutboxOptions, options: IdempotencyClientOptions = {}) {
  return createIdempotencyClient({ ...withoutPauses(), maxTries: 1, ...options, outbox });
}

async function leaveUnsettled(outbox: OutboxOptions, name = 'pay', options: IdempotencyClientOptions = {}) {
  server().plan(dropAfter);
  await begin(outbox, options)
    .operation(name, server().url, book)
    .send()
    .catch(() => {});
}

describe('after a reload', () => {
  test('what was not settled is sent with the key, bytes and headers that it had', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage });
    const resumed = await begin({ storage }).resume();
    expect(resumed).toMatchObject([{ kind: 'settled', name: 'pay', response: { status: 200 } }]);
    expect(server().received.map(({ keys, body, headers }) => [keys, body, headers['content-type']])).toEqual(
      Array(2).fill([server().keys, book.body, 'application/json']),
    );
    expect([server().effects, await storage.ids()]).toEqual([1, []]);
    expect(await begin({ storage }).resume()).toEqual([]);
  });

  test('the same click finds the key again', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage });
    const answer = await begin({ storage }).operation('pay', server().url, book).send();
    expect([answer.status, server().keys.length, server().effects]).toEqual([200, 1, 1]);
  });

  test('a first try that is turned away at the door settles nothing: one of the page before may have taken effect', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage });
    server().plan(answers(401));
    expect(await begin({ storage }).resume()).toMatchObject([
      { kind: 'unsettled', response: { status: 401 } },
    ]);
    expect(await begin({ storage }).resume()).toMatchObject([{ kind: 'settled', response: { status: 200 } }]);
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });

  test('a click while it is being resumed shares its flight', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage });
    const client = begin({ storage });
    server().plan(delayed(100));
    const [resumed, answer] = await Promise.all([
      client.resume(),
      client.operation('pay', server().url, book).send(),
    ]);
    expect([resumed[0]?.kind, answer.status, server().received.length]).toEqual(['settled', 200, 2]);
  });

  test('two that resume at once send it once', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage });
    server().plan(delayed(100));
    const kinds = await Promise.all(
      [begin({ storage }), begin({ storage })].map(async (client) => (await client.resume())[0]?.kind),
    );
    expect(kinds.sort()).toEqual(['settled', 'settled-elsewhere']);
    expect(server().received).toHaveLength(2);
  });

  test('what gets no answer again stays, and the others are sent all the same', async () => {
    const storage = memoryStorage();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await leaveUnsettled({ storage }, name);
    server().reset();
    server().plan(dropAfter, answers(503));
    const client = begin({ storage });
    const kinds = (await client.resume()).map(({ kind, name }) => `${name} ${kind}`);
    expect(kinds.map((text) => text[0])).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(kinds.map((text) => text.slice(2)).sort()).toEqual([
      'failed',
      ...Array(4).fill('settled'),
      'unsettled',
    ]);
    expect((await client.resume()).map(({ kind }) => kind)).toEqual(['settled', 'settled']);
    expect(server().keys).toHaveLength(6);
  });
});

describe('what is kept', () => {
  test('is there before the request is sent', async () => {
    const storage = memoryStorage();
    let kept: readonly string[] = [];
    await begin(
      { storage },
      {
        fetch: async (...request) => {
          kept = await storage.ids();
          return fetch(...request);
        },
      },
    )
      .operation('pay', server().url, book)
      .send();
    expect(kept.filter((id) => id.startsWith('operation-'))).toHaveLength(1);
  });

  test('has no secret in it: of the headers, only those that were named', async () => {
    const storage = memoryStorage();
    const secret = 'Bearer abc';
    server().plan(answers(503));
    const request = {
      ...book,
      headers: { ...book.headers, Authorization: secret, Cookie: 's=1', 'X-Api-Key': 'k', 'X-Tenant': 't' },
    };
    await begin({ storage, keepHeaders: ['Content-Type', 'X-Tenant'] })
      .operation('pay', server().url, request)
      .send();
    const [id = ''] = await storage.ids();
    const text = (await storage.read(id)) ?? '';
    expect(JSON.parse(text).headers).toEqual([
      ['Content-Type', 'application/json'],
      ['X-Tenant', 't'],
    ]);
    expect(text).not.toContain('abc');
  });

  test('belongs to its scope: another user neither sees nor sends it', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage, scope: 'ann' });
    const ben = begin({ storage, scope: 'ben' });
    expect([await ben.pending(), await ben.resume()]).toEqual([[], []]);
    await ben.operation('pay', server().url, book).send();
    expect([server().keys.length, server().effects]).toEqual([2, 2]);
    expect(await begin({ storage, scope: 'ann' }).resume()).toMatchObject([{ kind: 'settled' }]);
  });

  test('may be any bytes', async () => {
    const storage = memoryStorage();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);
    const bodies: unknown[] = [];
    const capture: typeof fetch = async (_, init) => {
      bodies.push(init?.body);
      throw new TypeError('down');
    };
    await begin({ storage }, { fetch: capture })
      .operation('upload', server().url, { method: 'POST', body: bytes })
      .send()
      .catch(() => {});
    await begin({ storage }, { fetch: capture }).resume();
    expect(bodies).toEqual([bytes, bytes]);
  });
});

describe('bounds', () => {
  test('one operation too many is refused, and nothing is sent', async () => {
    const storage = memoryStorage();
    await leaveUnsettled({ storage }, 'a');
    await leaveUnsettled({ storage }, 'b');
    const client = begin({ storage, maxEntries: 2 });
    await expect(client.operation('c', server().url, book).send()).rejects.toMatchObject({
      code: 'OUTBOX_FULL',
      retryable: true,
    });
    expect(server().received).toHaveLength(2);
    // One that is there already is no further one.
    expect((await client.operation('a', server().url, book).send()).status).toBe(200);
    expect((await client.operation('c', server().url, book).send()).status).toBe(201);
  });

  test.each([
    ['older than the server is sure to remember', 12 * 60 * 60 * 1000 + 1],
    ['from a future that no clock of today can tell the age of', -61_000],
  ])('what is %s is never sent, and never forgotten by itself', async (_, ageMs) => {
    const storage = memoryStorage();
    const madeAtMs = 1_800_000_000_000;
    await leaveUnsettled({ storage }, 'pay', { now: () => madeAtMs });
    const client = begin({ storage }, { now: () => madeAtMs + ageMs });
    expect(await client.resume()).toEqual([{ kind: 'expired', name: 'pay', createdAtMs: madeAtMs }]);
    await expect(client.operation('pay', server().url, book).send()).rejects.toMatchObject({
      code: 'OPERATION_EXPIRED',
      retryable: false,
    });
    expect(server().received).toHaveLength(1);
    expect(await client.pending()).toMatchObject([{ expired: true }]);
    await client.forget('pay');
    expect((await client.operation('pay', server().url, book).send()).status).toBe(201);
  });

  test('a shorter retention brings the age down with it', async () => {
    const storage = memoryStorage();
    const options = (nowMs: number) => ({ now: () => nowMs, retentionSeconds: 600 });
    await leaveUnsettled({ storage }, 'pay', options(0));
    expect(await begin({ storage }, options(300_001)).resume()).toMatchObject([{ kind: 'expired' }]);
  });
});

describe('a storage that fails', () => {
  const broken = (...calls: readonly (keyof OutboxStorage)[]): OutboxStorage => {
    const storage = memoryStorage();
    const fail = () => Promise.reject(new Error('quota exceeded'));
    return { ...storage, ...Object.fromEntries(calls.map((call) => [call, fail])) };
  };

  test.each([['read'], ['ids'], ['swap']] as const)(
    'on %s: nothing is sent without its key being kept',
    async (call) => {
      const operation = begin({ storage: broken(call) }).operation('pay', server().url, book);
      await expect(operation.send()).rejects.toMatchObject({
        code: 'OUTBOX_UNAVAILABLE',
        retryable: true,
        cause: { message: 'quota exceeded' },
      });
      expect(server().received).toHaveLength(0);
    },
  );

  test('when a settled operation is to be forgotten: the answer is given all the same', async () => {
    const storage = memoryStorage();
    const warn = console.warn;
    let warnings = 0;
    console.warn = () => {
      warnings++;
    };
    try {
      const removing = broken('swap').swap;
      const answer = await begin({
        storage: {
          ...storage,
          swap: (id, expected, next) =>
            next === undefined && id.startsWith('operation-')
              ? removing(id, expected, next)
              : storage.swap(id, expected, next),
        },
      })
        .operation('pay', server().url, book)
        .send();
      expect([answer.status, warnings]).toEqual([201, 1]);
    } finally {
      console.warn = warn;
    }
    // It is sent once more some day, and the server knows it.
    expect(await begin({ storage }).resume()).toMatchObject([{ response: { status: 200 } }]);
    expect(server().effects).toBe(1);
  });

  test.each(['', '{', '[]', '{"version":2}', '{"version":1,"name":"pay"}'])(
    'with a text that this version cannot read (%j): it is left alone, and its name not used',
    async (text) => {
      const storage = memoryStorage();
      await leaveUnsettled({ storage });
      const [id = ''] = await storage.ids();
      await storage.swap(id, await storage.read(id), text);
      const client = begin({ storage });
      expect([await client.resume(), await client.pending()]).toEqual([[], []]);
      await expect(client.operation('pay', server().url, book).send()).rejects.toMatchObject({
        code: 'OUTBOX_UNAVAILABLE',
      });
      expect(await storage.read(id)).toBe(text);
      await client.forget('pay');
      expect((await client.operation('pay', server().url, book).send()).status).toBe(201);
    },
  );
});
