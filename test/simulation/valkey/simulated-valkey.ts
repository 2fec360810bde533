/**
 * A Valkey server as far as the store asks for it: hashes with an end, a clock of its own, and the library's own scripts,
 * each of which runs at one go. The contract suite holds the store on top of it to what the store on a real server does
 * (test/contract/simulated-valkey.test.ts).
 */
import * as scripts from '../../../lib/valkey/scripts.ts';
import { type Reply, runScript } from './lua.ts';

/** Fields by name. Another map after each write. */
export type Hash = ReadonlyMap<string, Buffer>;

const SCRIPTS: ReadonlyMap<string, string> = new Map(
  Object.values(scripts).map(({ sha1, lua }) => [sha1, lua]),
);

export class SimulatedValkey {
  readonly #hashes = new Map<string, Hash>();
  readonly #endsAtMs = new Map<string, number>();
  readonly #now: () => number;
  readonly #change: (script: string) => string;

  /**
   * @param now - its own clock, in whole epoch milliseconds
   * @param change - what is run in the place of a script
   */
  constructor(now: () => number, change: (script: string) => string = (script) => script) {
    this.#now = now;
    this.#change = change;
  }

  /** Carries out a command of the store's, from start to end. @throws Error as a server replies it */
  execute([name, sha1, keyCount, ...rest]: readonly (string | Buffer)[]): Reply {
    const script = SCRIPTS.get(String(sha1));
    if (name !== 'EVALSHA' || script === undefined || Number(keyCount) !== 1) {
      throw new Error(`ERR the simulated Valkey knows the scripts of the store, and not this ${name}`);
    }
    const [key, ...args] = rest.map((part) => Buffer.from(part));
    if (key === undefined) throw new Error('ERR a script without its key');
    return runScript(this.#change(script), [key], args, (command, given) => this.#call(command, given));
  }

  /** What is there at this moment. */
  get keys(): readonly string[] {
    this.dropExpired();
    return [...this.#hashes.keys()];
  }

  hash(key: string): Hash | undefined {
    return this.keys.includes(key) ? this.#hashes.get(key) : undefined;
  }

  /** By its own clock: the last moment at which it is there. */
  endMs(key: string): number {
    return this.#endsAtMs.get(key) ?? Number.POSITIVE_INFINITY;
  }

  delete(key: string): void {
    this.#hashes.delete(key);
    this.#endsAtMs.delete(key);
  }

  /** Deletes what is past its end, which nobody sees any more, and returns its keys. */
  dropExpired(): readonly string[] {
    const nowMs = this.#now();
    const over = [...this.#endsAtMs].flatMap(([key, endMs]) => (nowMs > endMs ? [key] : []));
    for (const key of over) this.delete(key);
    return over;
  }

  #call(command: string, [first, ...args]: readonly Buffer[]): Reply {
    if (command === 'TIME') return timeReply(this.#now());
    const key = String(first);
    const hash = this.hash(key);
    switch (command) {
      case 'EXISTS':
        return hash === undefined ? 0 : 1;
      case 'HGETALL':
        return [...(hash ?? [])].flatMap(([field, value]) => [Buffer.from(field), value]);
      case 'HMGET':
        return args.map((field) => hash?.get(String(field)) ?? null);
      case 'HGET':
        return hash?.get(String(args[0])) ?? null;
      case 'HKEYS':
        return [...(hash?.keys() ?? [])].map((field) => Buffer.from(field));
      case 'HSTRLEN':
        return hash?.get(String(args[0]))?.length ?? 0;
      case 'HSET':
        return this.#set(key, args);
      case 'HDEL':
        this.#hashes.set(key, new Map([...(hash ?? [])].filter(([field]) => field !== String(args[0]))));
        return 1;
      case 'DEL':
        this.delete(key);
        return 1;
      case 'PEXPIRE':
        return this.#expire(key, Number(args[0]));
      default:
        throw new Error(`ERR the simulated Valkey does not know ${command}`);
    }
  }

  #set(key: string, args: readonly Buffer[]): number {
    const hash = new Map(this.#hashes.get(key));
    for (let index = 0; index + 1 < args.length; index += 2) {
      const value = args[index + 1];
      if (value !== undefined) hash.set(String(args[index]), value);
    }
    this.#hashes.set(key, hash);
    return args.length / 2;
  }

  #expire(key: string, ms: number): number {
    if (!this.#hashes.has(key)) return 0;
    if (ms <= 0) this.delete(key);
    else this.#endsAtMs.set(key, this.#now() + ms);
    return 1;
  }
}

/** With decimal points: a server's Lua has no integers, and those of this interpreter end at 32 bits. */
function timeReply(nowMs: number): Reply {
  const seconds = Math.floor(nowMs / 1000);
  return [seconds, (nowMs - seconds * 1000) * 1000].map((part) => Buffer.from(part.toFixed(1)));
}
