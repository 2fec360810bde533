/** Operations: one key until they are settled. */
import { describe, expect, test } from '@jest/globals';
import {
  createIdempotencyClient,
  deliveryOf,
  type IdempotencyClientOptions,
  memoryStorage,
  type OutboxStorage,
} from '../../lib/client/index.ts';
import { json, withoutPauses } from './settings.ts';
import { answers, delayed, dropAfter, problem, silence, useUnrulyServer } from './unruly-server.ts';

const server = useUnrulyServer();
const book = json({ sku: 'book-1' });
const pen = json({ sku: 'pen-1' });

function clientOn(storage: OutboxStorage = memoryStorage(), options: IdempotencyClientOptions = {}) {
  return createIdempotencyClient({
    ...withoutPauses(),
    maxTries: 2,
    ...options,
    outbox: { storage, leaseMs: 1_000 },
  });
}

describe('an operation', () => {
  test('is settled by its answer and then forgotten: the next of its name is a new one', async () => {
    const client = clientOn();
    const first = client.operation('add-to-cart', server().url, book);
    expect(await (await first.send()).json()).toMatchObject({ line: 1 });
    expect(await client.pending()).toEqual([]);
    const second = await client.operation('add-to-cart', server().url, book).send();
    expect(await second.json()).toMatchObject({ line: 2 });
  });

  test('that is settled gives its answer again, and sends nothing', async () => {
    const operation = clientOn().operation('add-to-cart', server().url, book);
    const answersGiven = [await operation.send(), await operation.send()];
    expect(await Promise.all(answersGiven.map((answer) => answer.json()))).toEqual([
      { line: 1, sent: book.body },
      { line: 1, sent: book.body },
    ]);
    expect(answersGiven.map((answer) => deliveryOf(answer)?.settled)).toEqual([true, true]);
    expect(server().received).toHaveLength(1);
  });

  test('that got no answer keeps its key for the next call', async () => {
    const client = clientOn();
    server().plan(dropAfter, dropAfter);
    await expect(client.operation('add-to-cart', server().url, book).send()).rejects.toMatchObject({
      code: 'NO_ANSWER',
    });
    expect(await client.pending()).toMatchObject([{ name: 'add-to-cart', expired: false }]);
    const answer = await client.operation('add-to-cart', server().url, book).send();
    expect(deliveryOf(answer)).toMatchObject({ replayed: true, settled: true });
    expect([server().keys.length, server().effects, await client.pending()]).toEqual([1, 1, []]);
  });

  test('that was given up by its caller keeps its key, too', async () => {
    const client = clientOn();
    server().plan(silence);
    const leaving = new AbortController();
    const left = client.operation('add-to-cart', server().url, book).send({ signal: leaving.signal });
    await server().arrived(1);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await client
      .operation('add-to-cart', server().url, { ...book, signal: new AbortController().signal })
      .send();
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });

  test.each([
    ['it is unavailable', answers(503)],
    ['its outcome is held back as unknown', problem(409, 'outcome-unknown')],
    ['it is in progress', problem(409, 'in-progress', { 'retry-after': '1' })],
  ])('keeps its key where the server says that %s', async (_, behaviour) => {
    const client = clientOn();
    server().plan(behaviour, behaviour);
    const first = await client.operation('pay', server().url, book).send();
    expect(deliveryOf(first)?.settled).toBe(false);
    server().reset();
    await client.operation('pay', server().url, book).send();
    expect(server().keys).toEqual([deliveryOf(first)?.key]);
  });

  test('whose token ran out between two tries keeps its key: the first try may have taken effect', async () => {
    const client = clientOn();
    server().plan(dropAfter, answers(401));
    const refused = await client.operation('pay', server().url, book).send();
    expect([refused.status, deliveryOf(refused)?.settled]).toEqual([401, false]);
    const answer = await client.operation('pay', server().url, book).send();
    expect([deliveryOf(answer)?.replayed, server().effects]).toEqual([true, 1]);
  });

  test.each([
    ['another body', '', pen],
    ['another URL', '?x=1', book],
    ['another method', '', { ...book, method: 'PATCH' }],
    ['a key of its own', '', { ...book, headers: { 'Idempotency-Key': 'mine' } }],
  ])('that is not settled refuses %s under its name, and sends nothing', async (_, query, other) => {
    const client = clientOn();
    server().plan(answers(503), answers(503));
    await client.operation('add-to-cart', server().url, book).send();
    await expect(client.operation('add-to-cart', server().url + query, other).send()).rejects.toMatchObject({
      code: 'OPERATION_CHANGED',
      retryable: false,
    });
    expect(server().received).toHaveLength(2);
    await client.forget('add-to-cart');
    await client.operation('add-to-cart', server().url + query, other).send();
    expect(server().keys).toHaveLength(2);
  });

  test('with a form is the same operation although the form is written anew', async () => {
    const client = clientOn();
    const form = () => {
      const data = new FormData();
      data.set('sku', 'book-1');
      return { method: 'POST', body: data };
    };
    server().plan(answers(503), answers(503));
    await client.operation('upload', server().url, form()).send();
    await client.operation('upload', server().url, form()).send();
    const sent = server().received.map(({ keys, headers, body }) => [keys, headers['content-type'], body]);
    expect(sent).toEqual(Array(sent.length).fill(sent[0]));
    expect(sent).toHaveLength(3);
  });

  test('sends the headers of now with the key and the bytes of then', async () => {
    const client = clientOn();
    server().plan(answers(503), answers(503));
    const withToken = (token: string) => ({ ...book, headers: { ...book.headers, Authorization: token } });
    await client.operation('pay', server().url, withToken('old')).send();
    await client.operation('pay', server().url, withToken('new')).send();
    expect(server().received.at(-1)?.headers).toMatchObject({
      authorization: 'new',
      'content-type': 'application/json',
    });
  });
});

describe('a double click', () => {
  test('shares one flight, and each gets an answer to read', async () => {
    const client = clientOn();
    server().plan(delayed(100));
    const operation = client.operation('pay', server().url, book);
    const given = await Promise.all([
      operation.send(),
      operation.send(),
      client.operation('pay', server().url, book).send(),
    ]);
    expect(await Promise.all(given.map((answer) => answer.json()))).toEqual(
      Array(3).fill({ line: 1, sent: book.body }),
    );
    expect(server().received).toHaveLength(1);
  });

  test('with another body in between is refused, and the first one goes on', async () => {
    const client = clientOn();
    server().plan(delayed(100));
    const first = client.operation('pay', server().url, book).send();
    await server().arrived(1);
    await expect(client.operation('pay', server().url, pen).send()).rejects.toMatchObject({
      code: 'OPERATION_CHANGED',
    });
    expect((await first).status).toBe(201);
  });

  test('of which one is taken back still gets the other its answer', async () => {
    const client = clientOn();
    server().plan(delayed(1_000));
    const leaving = new AbortController();
    const operation = client.operation('pay', server().url, book);
    const [left, stayed] = [operation.send({ signal: leaving.signal }), operation.send()];
    await server().arrived(1);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect((await stayed).status).toBe(201);
    expect(server().received).toHaveLength(1);
  });

  test('after all have left begins a flight of its own, with the same key', async () => {
    const client = clientOn();
    server().plan(silence);
    const leaving = new AbortController();
    const left = client.operation('pay', server().url, book).send({ signal: leaving.signal });
    await server().arrived(1);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect((await client.operation('pay', server().url, book).send()).status).toBe(200);
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });
});

describe('two clients on one outbox, as two tabs or processes', () => {
  test('that begin the same operation at once send one key, one after the other', async () => {
    const storage = memoryStorage();
    server().plan(delayed(100), delayed(100));
    const given = await Promise.all(
      [clientOn(storage), clientOn(storage)].map((client) =>
        client.operation('pay', server().url, book).send(),
      ),
    );
    expect(given.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
    const [first, second] = server().received;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(95);
  });

  test('that look at the same moment and find nothing still make one key', async () => {
    const storage = memoryStorage();
    let looking = 0;
    let bothHaveLooked = () => {};
    const both = new Promise<void>((resolve) => {
      bothHaveLooked = resolve;
    });
    // Counting what is there comes between the look and the making.
    const slow: OutboxStorage = {
      ...storage,
      ids: async () => {
        if (++looking === 2) bothHaveLooked();
        await both;
        return storage.ids();
      },
    };
    await Promise.all(
      [clientOn(slow), clientOn(slow)].map((client) => client.operation('pay', server().url, book).send()),
    );
    expect([looking, server().keys.length, server().effects]).toEqual([2, 1, 1]);
  });

  test('of which one settles what the other has given up: the operation that the other has begun since is kept', async () => {
    const storage = memoryStorage();
    server().plan(delayed(200), answers(503), answers(503));
    const first = clientOn(storage).operation('pay', server().url, book).send();
    await server().arrived(1);
    const other = clientOn(storage);
    await other.forget('pay');
    expect((await other.operation('pay', server().url, pen).send()).status).toBe(503);
    expect((await first).status).toBe(201);
    expect(await other.pending()).toMatchObject([{ name: 'pay' }]);
  });

  test('where one sends for longer than a lease, the other goes on waiting', async () => {
    const storage = memoryStorage();
    server().plan(delayed(2_000));
    const first = clientOn(storage).operation('pay', server().url, book).send();
    await server().arrived(1);
    const second = await clientOn(storage).operation('pay', server().url, book).send();
    expect([(await first).status, second.status, server().effects]).toEqual([201, 200, 1]);
    expect((server().received[1]?.atMs ?? 0) - (server().received[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(
      1_990,
    );
  });

  test('where one died, the other sends when its lease is over', async () => {
    const storage = memoryStorage();
    const client = clientOn(storage);
    server().plan(answers(503), answers(503));
    await client.operation('pay', server().url, book).send();
    const [id = ''] = await storage.ids();
    await storage.swap(`lease-${id}`, undefined, `${Date.now() + 150} somebody`);
    const startedAtMs = performance.now();
    expect(await client.resume()).toMatchObject([{ kind: 'settled', name: 'pay' }]);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(140);
    expect(await storage.ids()).toEqual([]);
  });

  test('nobody waits behind another one for longer than the deadline', async () => {
    const storage = memoryStorage();
    server().always(silence);
    const other = new AbortController();
    const first = clientOn(storage).operation('pay', server().url, book).send({ signal: other.signal });
    await server().arrived(1);
    await expect(
      clientOn(storage, { deadlineMs: 200 }).operation('pay', server().url, book).send(),
    ).rejects.toMatchObject({ code: 'NO_ANSWER', tries: 0 });
    other.abort(new Error('done'));
    await expect(first).rejects.toThrow('done');
    expect(server().received).toHaveLength(1);
  });
});
