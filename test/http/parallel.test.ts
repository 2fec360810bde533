import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ExchangeResponse } from '../support/http-exchange.ts';
import { type LocalServerProcess, startLocalServerProcess } from '../support/local-server-process.ts';
import {
  describeOnLocalServer,
  hasDemoHeaders,
  newLine,
  type SampleApi,
  sampleApiAt,
  useSampleApi,
} from './sample-api.ts';

const REQUESTS = 50;
/** Keeps the first attempt at work while the others arrive; a deployment is slow enough by itself. */
const OVERLAP: Record<string, string> = hasDemoHeaders ? { 'x-demo-work-ms': '300' } : {};

describe('on one server', () => {
  const api = useSampleApi();

  test('fifty simultaneous requests with one key run once', async () => {
    await expectOneRun(() => api());
  });

  test('fifty simultaneous requests with a key each run fifty times', async () => {
    await expectFiftyRuns(() => api());
  });
});

describeOnLocalServer('on four server processes with one engine', () => {
  const servers: LocalServerProcess[] = [];

  beforeAll(async () => {
    const starting = Array.from({ length: 4 }, () => startLocalServerProcess());
    // Also those that are up when another one fails have to be stopped.
    const started = await Promise.allSettled(starting);
    for (const one of started) if (one.status === 'fulfilled') servers.push(one.value);
    await Promise.all(starting);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  function serverInTurn(index: number): SampleApi {
    const server = servers[index % servers.length];
    if (server === undefined) throw new Error('No server has been started.');
    return sampleApiAt(server.url);
  }

  test('they are four processes on one engine', () => {
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(4);
    expect(new Set(servers.map(({ endpoint }) => endpoint)).size).toBe(1);
  });

  test('fifty simultaneous requests with one key run once', async () => {
    await expectOneRun(serverInTurn);
  });

  test('fifty simultaneous requests with a key each run fifty times', async () => {
    await expectFiftyRuns(serverInTurn);
  });
});

async function expectOneRun(api: (index: number) => SampleApi): Promise<void> {
  const key = randomUUID();
  const line = newLine();
  const responses = await allAtOnce((index) => api(index).add({ key, body: line, headers: OVERLAP }));

  const created = responses.filter(({ status }) => status === 201);
  expect(created).toHaveLength(1);
  const others = responses.filter(({ status }) => status !== 201);
  expect(others.filter(({ status }) => status !== 409 && status !== 200)).toEqual([]);
  for (const replayed of others.filter(({ status }) => status === 200)) {
    expect(replayed.body).toBe(created[0]?.body);
  }
  expect(await api(0).lines(line.cartId)).toEqual([created[0]?.json()]);
}

async function expectFiftyRuns(api: (index: number) => SampleApi): Promise<void> {
  const line = newLine();
  const responses = await allAtOnce((index) => api(index).add({ key: randomUUID(), body: line }));
  expect(responses.filter(({ status }) => status !== 201)).toEqual([]);
  const lines = await api(0).lines(line.cartId);
  expect(new Set(lines.map(({ lineId }) => lineId)).size).toBe(REQUESTS);
  expect(lines).toHaveLength(REQUESTS);
}

function allAtOnce(send: (index: number) => Promise<ExchangeResponse>): Promise<ExchangeResponse[]> {
  return Promise.all(Array.from({ length: REQUESTS }, (_, index) => send(index)));
}
