/** Clients with the settings that docs/valkey.md gives them, but for the length of the silence that they bear. */
import { createClient } from '@redis/client';
import { Redis as Ioredis } from 'ioredis';
import { Redis as Iovalkey } from 'iovalkey';
import type { OpenClient } from '../clients.ts';

export const FAULTY_CLIENT_NAMES = ['ioredis', 'iovalkey', 'node-redis'] as const;
export type FaultyClientName = (typeof FAULTY_CLIENT_NAMES)[number];

/** The errors of a connection that is cut on purpose; what matters of them reaches the store. */
const ignore = () => {};
const RECONNECT_MS = 20;

export async function openFaultyClient(
  name: FaultyClientName,
  port: number,
  silenceMs: number,
): Promise<OpenClient> {
  if (name === 'node-redis') {
    const client = createClient({
      socket: { host: '127.0.0.1', port, socketTimeout: silenceMs, reconnectStrategy: RECONNECT_MS },
    });
    client.on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  }
  const settings = {
    socketTimeout: silenceMs,
    // The store tries again by itself.
    maxRetriesPerRequest: 0,
    retryStrategy: () => RECONNECT_MS,
  };
  const client = name === 'ioredis' ? new Ioredis(port, settings) : new Iovalkey(port, settings);
  client.on('error', ignore);
  return { client, close: () => client.disconnect() };
}
