import { Redis } from 'iovalkey';

/** As docs/valkey.md recommends it: quick to give up, since the store tries again by itself. */
export function createValkeyClient(url: string): Redis {
  const client = new Redis(url, {
    connectTimeout: 500,
    socketTimeout: 800,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 50,
  });
  // Unheard, it would end the process. A store that cannot be reached is told of by each request that needs it.
  client.on('error', () => {});
  return client;
}
