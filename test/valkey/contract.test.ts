import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import { ValkeyStore } from '../../lib/valkey/index.ts';
import { describeStoreContract, NOW_SECONDS } from '../contract/store-contract.ts';
import { startValkeyServer, type ValkeyServer } from '../support/valkey-server.ts';
import { CLIENT_NAMES, type OpenClient, openClient } from './clients.ts';
import { letServerTimePass } from './server-time.ts';

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

  describeStoreContract(
    'ValkeyStore',
    // The results of megabytes, on a machine that has other things to do.
    () =>
      new ValkeyStore({
        client: opened.client,
        keyPrefix,
        commandTimeoutMs: 10_000,
        now: () => NOW_SECONDS * 1000,
      }),
    { timePasses: (id, ms) => letServerTimePass(clock, `${keyPrefix}${id}`, ms) },
  );
});
