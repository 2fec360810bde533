import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { ExchangeResponse } from '../support/http-exchange.ts';
import { describeWithDemoHeaders, newLine, useSampleApi } from './sample-api.ts';

const api = useSampleApi();

/** The handler's time; the client gives up after a third of it. */
const WORK_MS = 3_000;
const PATIENCE_MS = 1_000;

describeWithDemoHeaders('a client that gives up while the handler goes on', () => {
  test('is told to wait by its first retry, and gets the first result by a later one', async () => {
    const key = randomUUID();
    const line = newLine();
    const startedAtMs = performance.now();
    await expect(
      api().add({
        key,
        body: line,
        headers: { 'x-demo-work-ms': String(WORK_MS) },
        signal: AbortSignal.timeout(PATIENCE_MS),
      }),
    ).rejects.toMatchObject({ name: 'AbortError' });

    const early = await api().add({ key, body: line });
    expect(early.status).toBe(409);
    // No longer than the lease, which is the function's time-out and a second for clocks that differ.
    const retryAfterSeconds = Number(early.headers['retry-after']);
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(Math.ceil((WORK_MS - PATIENCE_MS) / 1000));
    expect(retryAfterSeconds).toBeLessThanOrEqual(30);
    expect(await api().lines(line.cartId)).toEqual([]);

    const late = await retryWhileInProgress(() => api().add({ key, body: line }));
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(WORK_MS - 50);
    expect(late.status).toBe(200);
    expect(late.headers['idempotent-replayed']).toBe('true');
    expect(await api().lines(line.cartId)).toEqual([late.json()]);

    const again = await api().add({ key, body: line });
    expect([again.status, again.body]).toEqual([200, late.body]);
  });
});

/** More often than `Retry-After` says, so that the test ends with the handler and not with its lease. */
async function retryWhileInProgress(send: () => Promise<ExchangeResponse>): Promise<ExchangeResponse> {
  for (let attempts = 0; attempts < 100; attempts++) {
    const response = await send();
    if (response.status !== 409) return response;
    await pause(100);
  }
  throw new Error('The request was still in progress after a hundred retries.');
}
