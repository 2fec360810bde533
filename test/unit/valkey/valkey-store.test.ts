/** What needs no server. Everything else is in test/valkey. */
import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, StoreError } from '../../../lib/index.ts';
import { type CommandSender, type ValkeyClient, ValkeyStore } from '../../../lib/valkey/index.ts';

const INFO = '# Memory\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n';

/** A client that answers INFO, and to everything else as it is told. */
function senderOf(answer: CommandSender['send']): CommandSender {
  return {
    send: async (command, options) => (command[0] === 'INFO' ? Buffer.from(INFO) : answer(command, options)),
  };
}

describe('the options of ValkeyStore', () => {
  const client = senderOf(async () => null);

  test.each<readonly [string, object, RegExp]>([
    ['an unknown name', { client, prefix: 'a:' }, /Unknown option "prefix".*keyPrefix/],
    ['no client', {}, /needs `client`/],
    ['a client of no known kind', { client: { get: () => {} } }, /ioredis or iovalkey, of node-redis/],
    ['a prefix that is no string', { client, keyPrefix: 1 }, /`keyPrefix`.*string/],
    ['a time-out of nothing', { client, commandTimeoutMs: 0 }, /`commandTimeoutMs`.*milliseconds/],
    ['a time-out that is no whole number', { client, commandTimeoutMs: 1.5 }, /`commandTimeoutMs`/],
    ['another word for eviction', { client, onEvictionPossible: 'warn' }, /'refuse' or 'accept'/],
  ])('%s is refused at once, with what would be right', (_, options, message) => {
    const make = () => new ValkeyStore(options as { client: ValkeyClient });
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

describe('a client of your own', () => {
  test('sends one command with one key, and is told when nobody waits any more', async () => {
    let aborted = false;
    const client = senderOf((command, { key, signal }) => {
      expect(command[3]).toBe('shop:orders#1');
      expect(key).toBe('shop:orders#1');
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const store = new ValkeyStore({ client, keyPrefix: 'shop:', commandTimeoutMs: 1 });
    await expect(store.read('orders#1')).rejects.toThrow(StoreError);
    expect(aborted).toBe(true);
  });

  test('that throws instead of rejecting leaves nothing behind that nobody handles', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    try {
      const client: CommandSender = {
        send: () => {
          throw new Error('ERR closed');
        },
      };
      const store = new ValkeyStore({ client, onEvictionPossible: 'accept' });
      await expect(store.read('orders#1')).rejects.toThrow(StoreError);
      await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      process.off('unhandledRejection', listen);
    }
    expect(unhandled).toEqual([]);
  });

  test.each([
    ['a text in place of bytes', [1, ['status', 'INPROGRESS']]],
    ['no array', 'OK'],
    ['nothing', null],
    ['an outcome that no script has', [7]],
  ])('that replies with %s is told that it is no record', async (_, reply) => {
    const store = new ValkeyStore({ client: senderOf(async () => reply) });
    await expect(store.read('orders#1')).rejects.toThrow(/not a record of this library/);
  });

  test('a server that does not tell its eviction policy is refused', async () => {
    const store = new ValkeyStore({ client: { send: async () => Buffer.from('# Memory\r\n') } });
    await expect(store.read('orders#1')).rejects.toThrow(/does not tell its eviction policy/);
  });

  test('is asked for the eviction policy once, however many records are wanted at a time', async () => {
    let asked = 0;
    const client: CommandSender = {
      send: async ([name]) => {
        if (name !== 'INFO') return [1, []];
        asked += 1;
        return Buffer.from(INFO);
      },
    };
    const store = new ValkeyStore({ client });
    await Promise.all([store.read('orders#1'), store.read('orders#2')]);
    await store.read('orders#3');
    expect(asked).toBe(1);
  });

  test('an error that is no Error is a store error as well', async () => {
    const store = new ValkeyStore({ client: senderOf(() => Promise.reject('gone')) });
    await expect(store.read('orders#1')).rejects.toThrow(/\(unknown error\)/);
  });
});
