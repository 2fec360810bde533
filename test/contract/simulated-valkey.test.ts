/** The Valkey of the simulation, held to what the store does on real servers (test/valkey/contract.test.ts). */
import { describe, expect, test } from '@jest/globals';
import { ValkeyStore } from '../../lib/valkey/index.ts';
import { runScript } from '../simulation/valkey/lua.ts';
import { SimulatedValkey } from '../simulation/valkey/simulated-valkey.ts';
import { describeStoreContract, NOW_SECONDS } from './store-contract.ts';

/** Not that of the callers: nothing may depend on it. */
let serverNowMs = 1_500_000_000_000;

function open() {
  const server = new SimulatedValkey(() => serverNowMs);
  const client = { send: async (command: readonly (string | Buffer)[]) => server.execute(command) };
  return new ValkeyStore({ client, onEvictionPossible: 'accept', now: () => NOW_SECONDS * 1000 });
}

describeStoreContract('ValkeyStore on the simulated Valkey', open, {
  timePasses: async (_id, ms) => {
    serverNowMs += ms + 1; // As on a real server, which is never as quick as that.
  },
});

describe('the simulated Valkey', () => {
  test.each([['GET', 'key'], ['EVALSHA', 'of-no-script', '1', 'key'], ['EVALSHA']])(
    'refuses a command that it does not know, and does not guess: %s %s',
    (...command) => {
      expect(() => new SimulatedValkey(Date.now).execute(command)).toThrow(/simulated Valkey/);
    },
  );

  test('says what is wrong with a script, as a server does', () => {
    const refuse = () => {
      throw new Error('ERR the simulated Valkey does not know GET');
    };
    expect(() => runScript("return redis.call('GET', 'a')", [], [], refuse)).toThrow(/does not know GET/);
    expect(() => runScript('return nobody.knows', [], [], refuse)).toThrow(/ERR .*nobody/);
    expect(() => runScript('return (', [], [], refuse)).toThrow(/ERR /);
  });
});
