/** Both halves of the agreement: this client and the sample API, with a network between them that loses things. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createIdempotencyClient,
  createIdempotentFetch,
  deliveryOf,
  isAnswerError,
  orThrow,
} from '../../lib/client/index.ts';
import { newLine, useSampleApi } from '../http/sample-api.ts';
import { type FaultyProxy, type Loss, startFaultyProxy } from './faulty-proxy.ts';
import { json } from './settings.ts';

/** Seconds. The lease, and with it `Retry-After`, is a second longer. */
const FUNCTION_TIMEOUT = 2;

const api = useSampleApi({ args: ['--timeout', String(FUNCTION_TIMEOUT)] });
let proxy: FaultyProxy;
beforeAll(async () => {
  proxy = await startFaultyProxy(api().baseUrl);
});
beforeEach(() => {
  proxy.keys.length = 0;
});
afterAll(() => proxy.stop());

const itemsUrl = () => `${proxy.url}/cart/items`;
const withHeaders = (line: unknown, headers: Readonly<Record<string, string>>) => {
  const request = json(line);
  return { ...request, headers: { ...request.headers, ...headers } };
};

describe('one click, one row', () => {
  test('whatever the network loses, in any order', async () => {
    const loss = fc.constantFrom<Loss>('before', 'after', 'half');
    await fc.assert(
      fc.asyncProperty(fc.array(loss, { maxLength: 6 }), async (losses) => {
        const line = newLine();
        proxy.keys.length = 0;
        proxy.lose(...losses);
        const response = await createIdempotentFetch({ pauseBaseMs: 1 })(itemsUrl(), json(line));
        const rows = await api().lines(line.cartId);
        expect(rows).toEqual([await response.json()]);
        expect(deliveryOf(response)).toMatchObject({
          tries: losses.length + 1,
          replayed: losses.some((each) => each !== 'before'),
          settled: true,
        });
        expect(new Set(proxy.keys).size).toBe(1);
      }),
      { numRuns: 30 },
    );
  });

  test('where the client has less patience than the function needs: it comes back for the result', async () => {
    const line = newLine();
    const reasons: string[] = [];
    const response = await createIdempotentFetch({
      tryTimeoutMs: 800,
      onRetry: ({ reason, status }) => reasons.push(`${reason} ${status ?? ''}`.trim()),
    })(itemsUrl(), withHeaders(line, { 'x-demo-work-ms': '1700' }));
    expect([response.status, deliveryOf(response)?.replayed]).toEqual([200, true]);
    expect(reasons[0]).toBe('timeout');
    expect(reasons).toContain('status 409');
    expect(await api().lines(line.cartId)).toEqual([await response.json()]);
  });

  test('where the function dies after its effect: a retry after the lease finds the row', async () => {
    const line = newLine();
    let request = 0;
    const response = await createIdempotentFetch({
      // The first attempt only; the header is not part of the fingerprint.
      headers: () => ({ 'x-demo-fail': request++ === 0 ? 'crash' : '' }),
      fetch: (input, init) => {
        const headers = new Headers(init?.headers);
        if (headers.get('x-demo-fail') === '') headers.delete('x-demo-fail');
        return fetch(input, { ...init, headers });
      },
    })(itemsUrl(), json(line));
    expect(response.status).toBe(201);
    expect(await api().lines(line.cartId)).toEqual([await response.json()]);
  });

  test('however often it is clicked', async () => {
    const line = newLine();
    const client = createIdempotencyClient();
    const operation = client.operation('add', itemsUrl(), withHeaders(line, { 'x-demo-work-ms': '200' }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => operation.send()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect([await api().lines(line.cartId), proxy.keys]).toEqual([[expect.anything()], [expect.anything()]]);
  });
});

describe('what the sample API refuses', () => {
  test('is thrown with its own problem document, once', async () => {
    const failure = await orThrow(createIdempotentFetch()(itemsUrl(), json({ sku: 'book-1' }))).catch(
      (error: unknown) => error,
    );
    expect(isAnswerError(failure) && failure).toMatchObject({ code: 'HTTP_ERROR', status: 400 });
    expect(isAnswerError(failure) && failure.problem?.title).toEqual(expect.any(String));
    expect(proxy.keys).toHaveLength(1);
  });

  test('a key that was used with another payload', async () => {
    const send = createIdempotentFetch({ newKey: () => `mine-${newLine().cartId}` });
    const first = await send(itemsUrl(), json(newLine()));
    const key = deliveryOf(first)?.key ?? '';
    const failure = await orThrow(send(itemsUrl(), withHeaders(newLine(), { 'Idempotency-Key': key }))).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'PAYLOAD_MISMATCH', status: 422, retryable: false });
  });
});

test('a structured key is the same key to the server', async () => {
  const line = newLine();
  const sender = (keyFormat: 'bare' | 'structured') =>
    createIdempotentFetch({ keyFormat, newKey: () => line.cartId });
  expect((await sender('bare')(itemsUrl(), json(line))).status).toBe(201);
  expect((await sender('structured')(itemsUrl(), json(line))).status).toBe(200);
  expect(await api().lines(line.cartId)).toHaveLength(1);
});
