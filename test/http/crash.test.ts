import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { until } from '../support/until.ts';
import { describeOnLocalServer, newLine, useSampleApi } from './sample-api.ts';

/** Seconds. With a second for clocks that differ, the lease lasts 3 s. */
const FUNCTION_TIMEOUT = 2;

const api = useSampleApi({ args: ['--timeout', String(FUNCTION_TIMEOUT)] });

describeOnLocalServer('a function that dies after its effect', () => {
  test('leaves the key in doubt until the lease ends; the next attempt finds the row and adds no other', async () => {
    const key = randomUUID();
    const line = newLine();
    const crashed = await api().add({ key, body: line, headers: { 'x-demo-fail': 'crash' } });
    expect([crashed.status, crashed.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    const rows = await api().lines(line.cartId);
    expect(rows).toHaveLength(1);

    const early = await api().add({ key, body: line });
    expect(early.status).toBe(409);
    expect(Number(early.headers['retry-after'])).toBeLessThanOrEqual(FUNCTION_TIMEOUT + 1);

    const late = await statusAfterLease(key, line);
    expect(late).toBe(201);
    const replayed = await api().add({ key, body: line });
    expect([replayed.status, replayed.json()]).toEqual([200, rows[0]]);
    expect(await api().lines(line.cartId)).toEqual(rows);
  });
});

describeOnLocalServer('a function that runs out of time', () => {
  test('leaves the key in doubt until the lease ends, and nothing of it happens later', async () => {
    const key = randomUUID();
    const line = newLine();
    const timedOut = await api().add({ key, body: line, headers: { 'x-demo-work-ms': '2500' } });
    expect(timedOut.status).toBe(500);
    expect((await api().add({ key, body: line })).status).toBe(409);
    expect(await statusAfterLease(key, line)).toBe(201);
    expect(await api().lines(line.cartId)).toHaveLength(1);
  });
});

/** The first status that is not "in progress". */
async function statusAfterLease(key: string, line: unknown): Promise<number> {
  let status = 409;
  await until('the lease is over', async () => {
    status = (await api().add({ key, body: line })).status;
    return status !== 409;
  });
  return status;
}
