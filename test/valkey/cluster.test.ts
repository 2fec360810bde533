/** Two nodes, half of the slots each: every record lies on the one that its key belongs to. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCluster } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { findFreePort } from '../../lib/local/free-port.ts';
import { ValkeyStore } from '../../lib/valkey/index.ts';
import { describeStoreContract } from '../contract/store-contract.ts';
import { until } from '../support/until.ts';
import { command, startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';
import type { OpenClient } from './clients.ts';
import { letServerTimePass } from './server-time.ts';
import { contractStore, lock, nowSeconds } from './with-store.ts';

const SLOT_RANGES = [
  ['0', '8191'],
  ['8192', '16383'],
] as const;

let nodes: ValkeyServer[] = [];
let clock: Cluster;

beforeAll(async () => {
  nodes = await startCluster();
  clock = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
});
afterAll(async () => {
  clock?.disconnect();
  await Promise.all(nodes.map((node) => node.stop()));
});

const CLUSTER_CLIENTS: Readonly<Record<string, () => Promise<OpenClient>>> = {
  ioredis: async () => {
    const client = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    return { client, close: () => client.disconnect() };
  },
  'node-redis': async () => {
    const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) });
    client.on('error', () => {}); // A node that ends with the test.
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

describe.each(Object.keys(CLUSTER_CLIENTS))('with %s', (name) => {
  const keyPrefix = `${name}:`;
  let opened: OpenClient;
  beforeAll(async () => {
    const open = CLUSTER_CLIENTS[name];
    if (open === undefined) throw new Error(`No client ${name}.`);
    opened = await open();
  });
  afterAll(() => opened?.close());

  describeStoreContract('ValkeyStore on a cluster', () => contractStore(opened.client, keyPrefix), {
    timePasses: (id, ms) => letServerTimePass(clock, `${keyPrefix}${id}`, ms),
  });

  test('records lie on both nodes', async () => {
    const store = new ValkeyStore({ client: opened.client, keyPrefix });
    for (let count = 0; count < 40; count += 1) await store.acquire(lock(), nowSeconds());
    const sizes = await Promise.all(nodes.map(({ port }) => sizeOf(port)));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });
});

async function sizeOf(port: number): Promise<number> {
  const client = new Redis(port);
  const size = await client.dbsize();
  client.disconnect();
  return size;
}

async function startCluster(): Promise<ValkeyServer[]> {
  const busPorts: string[] = [];
  const started: ValkeyServer[] = [];
  for (const [first, last] of SLOT_RANGES) {
    // By default 10,000 above the other one, where there may be no port any more.
    const busPort = String(await findFreePort());
    const node = await startValkeyServer({ settings: { 'cluster-enabled': 'yes', 'cluster-port': busPort } });
    await command(node.port, 'CLUSTER', 'ADDSLOTSRANGE', first, last);
    busPorts.push(busPort);
    started.push(node);
  }
  const [one, other] = started;
  if (one === undefined || other === undefined) throw new Error('Two nodes were started.');
  await command(one.port, 'CLUSTER', 'MEET', '127.0.0.1', String(other.port), busPorts[1] ?? '');
  await until(
    'both nodes know all slots',
    async () => {
      const states = await Promise.all(started.map(({ port }) => command(port, 'CLUSTER', 'INFO')));
      return states.every((state) => /cluster_state:ok/.test(state) && /cluster_known_nodes:2/.test(state));
    },
    20_000,
  );
  return started;
}
