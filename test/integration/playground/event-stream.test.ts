import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Observation } from '../../../lib/local/observation.ts';
import { createCartTable, createIdempotencyTable } from '../../support/dynamodb.ts';
import { type FollowedStream, followEvents } from '../../support/event-stream.ts';
import { exchange } from '../../support/http-exchange.ts';
import { type LocalServerProcess, startLocalServerProcess } from '../../support/local-server-process.ts';
import { until } from '../../support/until.ts';

jest.setTimeout(30_000);

let server: LocalServerProcess;
const streams: FollowedStream[] = [];

beforeAll(async () => {
  server = await startLocalServerProcess({
    env: { IDEMPOTENCY_TABLE: await createIdempotencyTable(), CART_TABLE: await createCartTable() },
  });
}, 60_000);

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

afterAll(async () => {
  await server.stop();
});

async function follow(lastEventId?: string): Promise<FollowedStream> {
  const stream = await followEvents(server.url, lastEventId);
  streams.push(stream);
  return stream;
}

interface Sent {
  readonly run: string;
  readonly key: string;
  readonly cartId: string;
}

function newRun(): Sent {
  return { run: randomUUID(), key: randomUUID(), cartId: `c-${randomUUID()}` };
}

function add({ run, key, cartId }: Sent, headers: Record<string, string> = {}, signal?: AbortSignal) {
  return exchange({
    method: 'POST',
    url: `${server.url}/cart/items`,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key, 'x-demo-run': run, ...headers },
    body: JSON.stringify({ cartId, sku: 'book', quantity: 1 }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function told(stream: FollowedStream, { run }: Sent): Observation[] {
  return stream.entries
    .map(({ observation }) => observation)
    .filter((observation) => observation.run === run);
}

/** An observation in a word or three. */
function brief(observation: Observation): string {
  switch (observation.type) {
    case 'protocol':
      return observation.event.type;
    case 'store-request':
      return `${observation.operation} ${observation.table}`;
    case 'store-reply':
      return `${observation.operation} ${observation.table}: ${observation.outcome}`;
    case 'answered':
      return `answered ${observation.status} ${observation.fate}${observation.replayed ? ' replayed' : ''}`;
    case 'died':
      return observation.outcome;
    default:
      return observation.type;
  }
}

async function untilTold(stream: FollowedStream, sent: Sent, last: string): Promise<string[]> {
  await until(`"${last}" is told`, () => told(stream, sent).map(brief).includes(last));
  return told(stream, sent).map(brief);
}

const CLAIM = ['PutItem idempotency', 'PutItem idempotency: done', 'acquired'];
const EFFECT = ['PutItem cart', 'PutItem cart: done'];
const COMPLETE = ['UpdateItem idempotency', 'UpdateItem idempotency: done', 'completed'];
const REFUSED = ['PutItem idempotency', 'PutItem idempotency: condition-failed'];

describe('the event stream tells, in the order in which it happens', () => {
  test('a first request, and its retry', async () => {
    const [stream, sent] = [await follow(), newRun()];
    await add(sent);
    await add(sent);
    expect(await untilTold(stream, sent, 'answered 200 sent replayed')).toEqual([
      ...['received', ...CLAIM, ...EFFECT, ...COMPLETE, 'answered 201 sent'],
      ...['received', ...REFUSED, 'replayed', 'answered 200 sent replayed'],
    ]);
    const [first, second] = told(stream, sent).filter(({ type }) => type === 'received');
    expect(first?.requestId).not.toBe(second?.requestId);
  });

  test('a client that leaves while the function works, and that its answer reaches nobody', async () => {
    const [stream, sent] = [await follow(), newRun()];
    const leaving = new AbortController();
    const gone = add(sent, { 'x-demo-work-ms': '400' }, leaving.signal);
    await untilTold(stream, sent, 'acquired');
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    expect(await untilTold(stream, sent, 'answered 201 client-gone')).toEqual([
      ...['received', ...CLAIM, 'client-left', ...EFFECT, ...COMPLETE, 'answered 201 client-gone'],
    ]);
  });

  test.each([
    ['x-demo-lose-requests', ['received', 'request-lost']],
    ['x-demo-lose-replies', ['received', ...CLAIM, ...EFFECT, ...COMPLETE, 'answered 201 lost']],
  ])('what %s loses, which its client waits for in vain', async (header, expected) => {
    const [stream, sent] = [await follow(), newRun()];
    const patience = new AbortController();
    const answer = add(sent, { [header]: '100' }, patience.signal);
    expect(await untilTold(stream, sent, expected.at(-1) ?? '')).toEqual(expected);
    patience.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(await untilTold(stream, sent, 'client-left')).toEqual([...expected, 'client-left']);
  });

  test.each([
    ['crash-before-effect', []],
    ['crash', EFFECT],
  ])('a process that dies: %s', async (failure, effect) => {
    const [stream, sent] = [await follow(), newRun()];
    await add(sent, { 'x-demo-fail': failure });
    await add(sent);
    expect(await untilTold(stream, sent, 'answered 409 sent')).toEqual([
      ...['received', ...CLAIM, ...effect, 'crashed', 'answered 500 sent'],
      ...['received', ...REFUSED, 'in-progress', 'answered 409 sent'],
    ]);
  });

  test('a lease that a short time-out makes short, and the takeover when it is over', async () => {
    const [stream, sent] = [await follow(), newRun()];
    const short = { 'x-demo-timeout-ms': '1000' };
    await add(sent, { ...short, 'x-demo-fail': 'crash' });
    await until('the lease is over', async () => (await add(sent, short)).status === 201);
    // The answer may be here before the stream has told of it.
    const everything = await untilTold(stream, sent, 'answered 201 sent');
    const attempts = told(stream, sent).flatMap((observation) =>
      observation.type === 'protocol' && observation.event.type === 'acquired'
        ? [observation.event.attempt]
        : [],
    );
    expect(attempts).toEqual([1, 2]);
    // The second attempt finds the first one's row.
    expect(everything).toContain('PutItem cart: condition-failed');
  });

  test('who called, where a header says so', async () => {
    const [stream, sent] = [await follow(), newRun()];
    await add(sent, { 'x-demo-tenant': 'ann' });
    await untilTold(stream, sent, 'answered 201 sent');
    expect(told(stream, sent)[0]).toMatchObject({ type: 'received', caller: 'ann' });
  });
});

test('no key and no payload is in the stream, and ids of records are hashes', async () => {
  const [stream, sent] = [await follow(), newRun()];
  await add(sent);
  await untilTold(stream, sent, 'answered 201 sent');
  expect(stream.text()).not.toContain(sent.key);
  expect(stream.text()).not.toContain('book');
  expect(stream.text()).toMatch(/add-to-cart#[\w-]{43}"/);
});

describe('whoever comes back', () => {
  test('is told what has happened since, once', async () => {
    const [first, sent] = [await follow(), newRun()];
    await add(sent);
    await untilTold(first, sent, 'answered 201 sent');
    const lastId = first.entries.at(-1)?.id;
    first.close();
    const later = newRun();
    await add(later);
    const second = await follow(lastId);
    await untilTold(second, later, 'answered 201 sent');
    expect(told(second, sent)).toEqual([]);
    expect(new Set(second.entries.map(({ id }) => id)).size).toBe(second.entries.length);
  });

  test('from before a restart is told all that is known', async () => {
    const sent = newRun();
    await add(sent);
    const stream = await follow('another-boot:7');
    expect((await untilTold(stream, sent, 'answered 201 sent'))[0]).toBe('received');
  });
});

describe('a look into the tables', () => {
  async function look(query: string) {
    const { body } = await exchange({ method: 'GET', url: `${server.url}/playground/tables?${query}` });
    return JSON.parse(body);
  }

  test('shows the record as it is stored, and the rows of the cart', async () => {
    const [stream, sent] = [await follow(), newRun()];
    const answer = await add(sent);
    await untilTold(stream, sent, 'answered 201 sent');
    const acquired = told(stream, sent).find(
      (observation) => observation.type === 'protocol' && observation.event.type === 'acquired',
    );
    const id = acquired?.type === 'protocol' && 'id' in acquired.event ? acquired.event.id : '';
    const before = stream.entries.length;
    const { records, carts, atMs } = await look(
      new URLSearchParams([
        ['record', id],
        ['record', 'no-such-record'],
        ['cart', sent.cartId],
      ]).toString(),
    );
    expect(records[id]).toMatchObject({ id: { S: id }, status: { S: 'COMPLETED' }, attempt: { N: '1' } });
    expect(JSON.stringify(records)).not.toContain(sent.key);
    expect(records['no-such-record']).toBeNull();
    expect(carts).toEqual({ [sent.cartId]: [answer.json()] });
    expect(Math.abs(Date.now() - atMs)).toBeLessThan(5_000);
    // Looking is not part of what is looked at.
    expect(stream.entries).toHaveLength(before);
  });

  test('of nothing shows nothing', async () => {
    expect(await look('')).toMatchObject({ records: {}, carts: {} });
  });
});

describe('demo headers that make no sense are refused', () => {
  test.each([
    ['x-demo-timeout-ms', '999'],
    ['x-demo-timeout-ms', '29001'],
    ['x-demo-timeout-ms', 'soon'],
    ['x-demo-lose-requests', '101'],
    ['x-demo-lose-replies', '-1'],
    ['x-demo-fail', 'sometimes'],
  ])('%s: %s', async (header, value) => {
    const answer = await add(newRun(), { [header]: value });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(header);
  });
});
