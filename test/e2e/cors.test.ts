/** What a deployed sample promises to pages of other origins. A file of its own: emulators leave it out. */

import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { newLine, sampleApiAt } from '../http/sample-api.ts';
import { exchange } from '../support/http-exchange.ts';

const baseUrl = process.env['BASE_URL'];
if (!baseUrl)
  throw new Error('Set BASE_URL to the base URL of a deployed sample, or run npm run e2e -- --url URL.');
const api = sampleApiAt(baseUrl);

test('a page of another origin may send a key, and read what the answer carries', async () => {
  const origin = 'https://shop.example';
  const url = `${baseUrl}/cart/items`;
  const preflight = await exchange({
    method: 'OPTIONS',
    url,
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type,idempotency-key',
    },
  });
  expect(preflight.status).toBeLessThan(300);
  expect(preflight.headers['access-control-allow-origin']).toMatch(/^(\*|https:\/\/shop\.example)$/);
  expect(preflight.headers['access-control-allow-headers']?.toLowerCase()).toContain('idempotency-key');

  const headers = { Origin: origin };
  const answer = await api.add({ key: randomUUID(), body: newLine(), headers });
  expect(answer.status).toBe(201);
  expect(answer.headers['access-control-allow-origin']).toMatch(/^(\*|https:\/\/shop\.example)$/);
  const exposed = answer.headers['access-control-expose-headers']?.toLowerCase().split(/, ?/);
  expect(exposed).toEqual(expect.arrayContaining(['idempotent-replayed', 'retry-after', 'link']));
});
