/** The samples beside the cart, as `npm start` serves them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { exchange } from '../../support/http-exchange.ts';
import { type LocalServerProcess, startLocalServerProcess } from '../../support/local-server-process.ts';

jest.setTimeout(60_000);

const WORK_MS = 1_000;

let server: LocalServerProcess;
beforeAll(async () => {
  server = await startLocalServerProcess();
}, 60_000);
afterAll(() => server.stop());

const post = (path: string, key: string, body: unknown, headers = {}) =>
  exchange({
    method: 'POST',
    url: `${server.url}${path}`,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key, ...headers },
    body: JSON.stringify(body),
  });

interface Printed {
  readonly labelId: string;
  readonly waitedMs: number;
  readonly fencingToken: number;
}

const print = (key: string, workMs = WORK_MS, sku = 'book') =>
  post('/labels', key, { sku }, { 'x-demo-work-ms': String(workMs) });

test('six labels at once: three are printed at a time, in the order of their numbers', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => print(randomUUID())));
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201));
  const printed = answers.map((answer) => answer.json() as Printed);
  expect(new Set(printed.map(({ fencingToken }) => fencingToken)).size).toBe(6);
  // Whoever has waited has waited for one of the first three.
  const waited = printed.filter(({ waitedMs }) => waitedMs >= WORK_MS * 0.9);
  expect(waited).toHaveLength(3);
  const direct = printed.filter((label) => !waited.includes(label));
  expect(Math.max(...direct.map(({ fencingToken }) => fencingToken))).toBeLessThan(
    Math.min(...waited.map(({ fencingToken }) => fencingToken)),
  );
});

test('a label that is asked for again is not printed again, and takes no place', async () => {
  const key = randomUUID();
  const first = await print(key, 0);
  const retry = await print(key, 0);
  expect([first.status, retry.status]).toEqual([201, 200]);
  expect(retry.body).toBe(first.body);
});

test('a label without an article is refused', async () => {
  const answer = await print(randomUUID(), 0, '');
  expect([answer.status, (answer.json() as { type: string }).type]).toEqual([
    400,
    'urn:print-label:problem:invalid-request',
  ]);
});

test.each([
  ['/powertools', '/moved'],
  ['/moved', '/powertools'],
])('what was answered at %s is replayed at %s, and there is one row', async (before, after) => {
  const key = randomUUID();
  const line = { cartId: `moved-${randomUUID()}`, sku: 'book', quantity: 1 };
  const first = await post(`${before}/cart/items`, key, line);
  const second = await post(`${after}/cart/items`, key, line);
  expect(first.status).toBe(201);
  expect(second.json()).toEqual(first.json());
  const cart = await exchange({ method: 'GET', url: `${server.url}/cart/${line.cartId}` });
  expect((cart.json() as { lines: unknown[] }).lines).toEqual([first.json()]);
});

test('the time-out that a demo header asks for ends these functions, too', async () => {
  const line = { cartId: `late-${randomUUID()}`, sku: 'book', quantity: 1 };
  const headers = { 'x-demo-timeout-ms': '1000', 'x-demo-work-ms': '3000' };
  const answer = await post('/moved/cart/items', randomUUID(), line, headers);
  // Middy ends it in its last milliseconds, and the sample has no other word for that.
  expect([answer.status, (answer.json() as { type: string }).type]).toEqual([
    500,
    'urn:beside-powertools:problem:internal-error',
  ]);
});
