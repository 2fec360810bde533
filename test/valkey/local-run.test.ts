/** The local run with its cart's records in Valkey, and what becomes of it when that is gone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { exchange } from '../support/http-exchange.ts';
import { type LocalServerProcess, startLocalServerProcess } from '../support/local-server-process.ts';
import { startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';

jest.setTimeout(60_000);

let valkey: ValkeyServer;
let server: LocalServerProcess;

beforeAll(async () => {
  valkey = await startValkeyServer();
  server = await startLocalServerProcess({ args: ['--valkey', `redis://127.0.0.1:${valkey.port}`] });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await valkey.stop();
});

const add = (key: string, cartId: string) =>
  exchange({
    method: 'POST',
    url: `${server.url}/cart/items`,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ cartId, sku: 'book', quantity: 1 }),
  });

const linesOf = async (cartId: string) => {
  const answer = await exchange({ method: 'GET', url: `${server.url}/cart/${cartId}` });
  return (answer.json() as { lines: unknown[] }).lines;
};

test('a retry gets the first result, from the record in Valkey', async () => {
  const [key, cartId] = [randomUUID(), randomUUID()];
  const [first, retry] = [await add(key, cartId), await add(key, cartId)];
  expect([first.status, retry.status]).toEqual([201, 200]);
  expect(retry.body).toBe(first.body);
  expect(await linesOf(cartId)).toHaveLength(1);
  const client = new Redis(valkey.port);
  const [record = ''] = await client.keys('idempotency:*');
  expect(await client.hget(record, 'status')).toBe('COMPLETED');
  client.disconnect();
});

test('without Valkey nothing runs, and the client is told to come again', async () => {
  await valkey.stop();
  const cartId = randomUUID();
  const answer = await add(randomUUID(), cartId);
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
  expect(await linesOf(cartId)).toEqual([]);
});
