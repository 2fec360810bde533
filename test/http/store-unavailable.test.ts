import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';
import { type LocalServerProcess, startLocalServerProcess } from '../support/local-server-process.ts';
import { describeOnLocalServer, newLine, sampleApiAt } from './sample-api.ts';

describeOnLocalServer('a store that cannot be reached', () => {
  let engine: Engine;
  let server: LocalServerProcess;

  beforeAll(async () => {
    // One of its own: the run's engine has to live on.
    engine = await startEngine({ env: { ...process.env, DYNAMODB_ENDPOINT: undefined } });
    server = await startLocalServerProcess({ env: { DYNAMODB_ENDPOINT: engine.endpoint } });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await engine?.stop();
  });

  test('gets 503 and a Retry-After, and the handler does not run', async () => {
    const api = sampleApiAt(server.url);
    expect((await api.add({ key: randomUUID(), body: newLine() })).status).toBe(201);
    await engine.stop();
    const refused = await api.add({ key: randomUUID(), body: newLine() });
    // The handler itself could only have answered 500: its cart lies in the same engine.
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(refused.json()).toMatchObject({
      type: 'urn:lambda-idempotency:problem:store-unavailable',
      status: 503,
    });
  });
});
