import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import { describeStoreContract } from '../contract/store-contract.ts';
import { startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';
import { CLIENT_NAMES, type OpenClient, openClient } from './clients.ts';
import { letServerTimePass } from './server-time.ts';
import { contractStore } from './with-store.ts';

let server: ValkeyServer;
let clock: Redis;

beforeAll(async () => {
  server = await startValkeyServer();
  clock = new Redis(server.port);
});
afterAll(async () => {
  clock?.disconnect();
  await server?.stop();
});

describe.each(CLIENT_NAMES)('with %s', (name) => {
  const keyPrefix = `${name}:`;
  let opened: OpenClient;
  beforeAll(async () => {
    opened = await openClient(name, server.port);
  });
  afterAll(() => opened?.close());

  describeStoreContract('ValkeyStore', () => contractStore(opened.client, keyPrefix), {
    timePasses: (id, ms) => letServerTimePass(clock, `${keyPrefix}${id}`, ms),
  });
});
