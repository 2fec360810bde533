/** Entry of `lambda-idempotency/valkey`. Imports no client: the one that you have is handed to the store. */

export type {
  CommandOptions,
  CommandSender,
  IoredisClient,
  NodeRedisClient,
  NodeRedisCluster,
  ValkeyClient,
} from './valkey-client.ts';
export { type OnEvictionPossible, ValkeyStore, type ValkeyStoreOptions } from './valkey-store.ts';
