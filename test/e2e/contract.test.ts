/** What a deployed sample promises to whoever knows its URL. Over HTTP alone: tables are looked at by way of its GET. */

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { newLine, type SampleApi, sampleApiAt } from '../http/sample-api.ts';
import type { ExchangeResponse } from '../support/http-exchange.ts';
import { exchange } from '../support/http-exchange.ts';

const baseUrl = process.env['BASE_URL'];
if (!baseUrl)
  throw new Error('Set BASE_URL to the base URL of a deployed sample, or run npm run e2e -- --url URL.');
const api: SampleApi = sampleApiAt(baseUrl);

const PROBLEM = /^application\/problem\+json/;
const problem = (name: string) => `urn:lambda-idempotency:problem:${name}`;

/** Enough at once that some arrive while the first one is at work, and below what the stage lets through. */
const AT_ONCE = 20;
/** A burst in which every duplicate came late proves nothing, so another is sent; in this many, one is in time. */
const BURSTS_MAX = 15;

async function burst(): Promise<{ line: ReturnType<typeof newLine>; responses: ExchangeResponse[] }> {
  const key = randomUUID();
  const line = newLine();
  const responses = await Promise.all(Array.from({ length: AT_ONCE }, () => api.add({ key, body: line })));
  return { line, responses };
}

describe('a request and its retry', () => {
  test('have one effect and one answer: 201, then 200 that says it is replayed', async () => {
    const key = randomUUID();
    const line = newLine();
    const first = await api.add({ key, body: line });
    expect(first.status).toBe(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const retry = await api.add({ key, body: line });
    expect([retry.status, retry.headers['idempotent-replayed']]).toEqual([200, 'true']);
    expect(retry.body).toBe(first.body);
    expect(retry.headers['location']).toBe(first.headers['location']);
    expect(await api.lines(line.cartId)).toEqual([first.json()]);
  });

  test('may spell the body in another way, and the key as a structured-field string', async () => {
    const key = randomUUID();
    const { cartId, sku, quantity } = newLine();
    const first = await api.add({ key, body: { cartId, sku, quantity } });
    const retry = await api.add({
      key: `"${key}"`,
      body: `{ "quantity":2,"sku":"book-1", "cartId":"${cartId}" }`,
    });
    expect([first.status, retry.status]).toEqual([201, 200]);
    expect(retry.body).toBe(first.body);
  });

  test('that carry different keys are two operations', async () => {
    const line = newLine();
    const answers = [
      await api.add({ key: randomUUID(), body: line }),
      await api.add({ key: randomUUID(), body: line }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(await api.lines(line.cartId)).toHaveLength(2);
  });

  test('are replayed long after other keys have come and gone', async () => {
    const key = randomUUID();
    const line = newLine();
    const first = await api.add({ key, body: line });
    for (let other = 0; other < 5; other += 1) await api.add({ key: randomUUID(), body: newLine() });
    expect((await api.add({ key, body: line })).body).toBe(first.body);
  });
});

describe('a request that is refused', () => {
  test.each([
    ['without a key', undefined, 'key-missing'],
    ['with an empty key', '', 'key-invalid'],
    ['with a key of 256 characters', 'k'.repeat(256), 'key-invalid'],
    ['with a key that is cut off', '"abc', 'key-invalid'],
  ])('%s gets 400 and a problem, and has no effect', async (_, key, type) => {
    const line = newLine();
    const response = await api.add({ ...(key === undefined ? {} : { key }), body: line });
    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toMatch(PROBLEM);
    expect(response.headers['link']).toMatch(/^<https:.*rel="help"/);
    // A gateway may fold an empty header into a missing one.
    expect(response.json()).toMatchObject({
      status: 400,
      type: key === '' ? expect.stringMatching(/:key-(missing|invalid)$/) : problem(type),
    });
    expect(await api.lines(line.cartId)).toEqual([]);
  });

  test('because its key came with another body gets 422, and harms nothing', async () => {
    const key = randomUUID();
    const line = newLine();
    const first = await api.add({ key, body: line });
    const other = await api.add({ key, body: { ...line, quantity: 3 } });
    expect(other.status).toBe(422);
    expect(other.headers['content-type']).toMatch(PROBLEM);
    expect(other.json()).toMatchObject({ type: problem('payload-mismatch'), status: 422 });
    const retry = await api.add({ key, body: line });
    expect([retry.status, retry.body]).toEqual([200, first.body]);
    expect(await api.lines(line.cartId)).toHaveLength(1);
  });

  test('by the handler, as invalid, does not use up its key', async () => {
    const key = randomUUID();
    const line = newLine();
    expect((await api.add({ key, body: { ...line, quantity: 0 } })).status).toBe(400);
    expect((await api.add({ key, body: line })).status).toBe(201);
  });

  test('names neither the key nor the body in its problem', async () => {
    const key = randomUUID();
    const line = newLine();
    await api.add({ key, body: line });
    const other = await api.add({ key, body: { ...line, sku: 'other-sku' } });
    expect(other.body).not.toContain(key);
    expect(other.body).not.toContain('other-sku');
  });
});

describe('requests that arrive together', () => {
  test('with one key have one effect; all others are replayed or told to come back', async () => {
    let refused: ExchangeResponse[] = [];
    for (let count = 1; count <= BURSTS_MAX && refused.length === 0; count += 1) {
      const { line, responses } = await burst();
      const statuses = responses.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(statuses.filter((status) => ![200, 201, 409].includes(status))).toEqual([]);
      const [row, ...more] = await api.lines(line.cartId);
      expect(more).toEqual([]);
      for (const answered of responses.filter(({ status }) => status < 300))
        expect(answered.json()).toEqual(row);
      refused = responses.filter(({ status }) => status === 409);
    }
    // None in so many bursts would mean that this test has not seen what it is for.
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, json } of refused) {
      expect(headers['content-type']).toMatch(PROBLEM);
      expect(json()).toMatchObject({ type: problem('in-progress'), status: 409 });
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
  });

  test('with a key each have an effect each', async () => {
    const line = newLine();
    const responses = await Promise.all(
      Array.from({ length: AT_ONCE }, () => api.add({ key: randomUUID(), body: line })),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await api.lines(line.cartId)).toHaveLength(AT_ONCE);
  });
});

test('a seat is sold to one of many who want it, and the retry of the winner is replayed', async () => {
  const seat = `${baseUrl}/shows/test-${randomUUID()}/seats/A1`;
  const hold = (key: string) =>
    exchange({ method: 'POST', url: `${seat}/holds`, headers: { 'Idempotency-Key': key } });
  const keys = Array.from({ length: AT_ONCE }, () => randomUUID());
  const holds = await Promise.all(keys.map(hold));
  const winner = holds.findIndex(({ status }) => status === 201);
  expect(holds.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(holds.filter(({ status }) => status === 409)).toHaveLength(AT_ONCE - 1);
  const retry = await hold(String(keys[winner]));
  expect([retry.status, retry.body]).toEqual([200, holds[winner]?.body]);
});
