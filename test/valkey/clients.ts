/** The clients that the store is tested with, each as its README says it is made. */
import { createClient } from '@redis/client';
import { Redis as Ioredis } from 'ioredis';
import { Redis as Iovalkey } from 'iovalkey';
import type { ValkeyClient } from '../../lib/valkey/index.ts';

export interface OpenClient {
  readonly client: ValkeyClient;
  close(): void;
}

export const CLIENT_NAMES = ['ioredis', 'iovalkey', 'node-redis'] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];

/** Nobody listens for the errors of a connection that is cut on purpose; what matters of them reaches the store. */
const ignore = () => {};

export async function openClient(name: ClientName, port: number): Promise<OpenClient> {
  if (name === 'node-redis') {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  }
  const client =
    name === 'ioredis'
      ? new Ioredis(port, { maxRetriesPerRequest: 1 })
      : new Iovalkey(port, { maxRetriesPerRequest: 1 });
  client.on('error', ignore);
  return { client, close: () => client.disconnect() };
}
