/**
 * What the store needs of a client: one command at a time, with bytes in the reply. Any client can do it, and the three
 * kinds that most teams have are known by their shape, so that this library brings none of its own.
 */
import { ConfigurationError } from '../idempotency/errors.ts';

export interface CommandOptions {
  /** The one key of the command: where a cluster sends it to. */
  readonly key: string;
  /** Aborted when nobody waits for the reply any more: a command that has not been sent by then had better not be. */
  readonly signal: AbortSignal;
}

/** A client of any other kind, in a function or two of your own. */
export interface CommandSender {
  /**
   * Sends one command, and resolves to its reply: strings as `Buffer`, integers as numbers, arrays as arrays, nil as `null`.
   * Rejects with an error whose message is the server's, which begins with a code such as `NOSCRIPT`.
   */
  send(command: readonly (string | Buffer)[], options: CommandOptions): Promise<unknown>;
}

/** `Redis` and `Cluster` of ioredis and of iovalkey. */
export interface IoredisClient {
  /** Sends one command; bulk strings in the reply are bytes. */
  callBuffer(command: string, args: (string | Buffer | number)[]): Promise<unknown>;
}

interface NodeRedisOptions {
  readonly typeMapping: Record<number, unknown>;
  readonly abortSignal: AbortSignal;
}

/** `createClient` of node-redis (the packages `redis` and `@redis/client`), from version 5 on. */
export interface NodeRedisClient {
  /** Sends one command, name first. */
  sendCommand(args: readonly (string | Buffer)[], options?: NodeRedisOptions): Promise<unknown>;
}

/** `createCluster` of node-redis, from version 5 on. */
export interface NodeRedisCluster {
  readonly masters: readonly unknown[];
  /** Sends one command to the node that has `firstKey`. */
  sendCommand(
    firstKey: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options?: NodeRedisOptions,
  ): Promise<unknown>;
}

export type ValkeyClient = CommandSender | IoredisClient | NodeRedisClient | NodeRedisCluster;

/** Bulk strings, by their first byte in the protocol, `$`. */
const AS_BUFFERS = { 36: Buffer };

/** @throws ConfigurationError if `client` is none of the kinds that are known */
export function commandSenderOf(client: ValkeyClient): CommandSender {
  if (hasMethod(client, 'send')) return client as CommandSender;
  if (hasMethod(client, 'callBuffer')) return ofIoredis(client as IoredisClient);
  if (hasMethod(client, 'sendCommand')) {
    return 'masters' in client
      ? ofNodeRedisCluster(client as NodeRedisCluster)
      : ofNodeRedis(client as NodeRedisClient);
  }
  throw new ConfigurationError(
    'ValkeyStore needs `client`: one of ioredis or iovalkey, of node-redis (5 or later), or an object with a method `send(command, options)`.',
  );
}

function hasMethod(client: unknown, name: string): boolean {
  return typeof (client as Record<string, unknown> | null | undefined)?.[name] === 'function';
}

function ofIoredis(client: IoredisClient): CommandSender {
  return { send: ([name, ...args]) => client.callBuffer(String(name), args) };
}

function ofNodeRedis(client: NodeRedisClient): CommandSender {
  return {
    send: (command, { signal }) =>
      client.sendCommand(command, { typeMapping: AS_BUFFERS, abortSignal: signal }),
  };
}

/** Never from a replica, which may lag behind: the second argument. */
function ofNodeRedisCluster(client: NodeRedisCluster): CommandSender {
  return {
    send: (command, { key, signal }) =>
      client.sendCommand(key, false, [...command], { typeMapping: AS_BUFFERS, abortSignal: signal }),
  };
}
