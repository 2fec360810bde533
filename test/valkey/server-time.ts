/** A server's clock cannot be turned. What lies on it can: the end of a lease and of a record's life, by so much. */
import type { Cluster, Redis } from 'ioredis';

const MOVE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return end
redis.call('HINCRBY', KEYS[1], 'lease_until', -ARGV[1])
redis.call('PEXPIRE', KEYS[1], redis.call('PTTL', KEYS[1]) - ARGV[1])
`;

/** As if `ms` had passed for the one record that lies under `key`. */
export async function letServerTimePass(client: Redis | Cluster, key: string, ms: number): Promise<void> {
  await client.eval(MOVE, 1, key, ms);
}
