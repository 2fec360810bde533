/** Runs commands with bounds: no client's queue, and no silent connection, may hold an invocation. */
import { setTimeout } from 'node:timers/promises';
import { type BackOff, fullJitter } from '../idempotency/back-off.ts';
import {
  CommandTimeoutError,
  isWorthAnotherTry,
  replyCodeOf,
  storeErrorOfCommand,
} from './command-errors.ts';
import type { Script } from './scripts.ts';
import type { CommandSender } from './valkey-client.ts';

/** The same as of the SDK for DynamoDB. */
export const TRIES_MAX = 3;

/** A client takes some ten milliseconds to connect again on a network that is well. */
const BETWEEN_TRIES: BackOff = { baseMs: 50, capMs: 200 };

export type Argument = string | Buffer;

/** Resolves after `ms` milliseconds, or rejects when `signal` aborts. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<unknown>;

export class CommandRunner {
  readonly #sender: CommandSender;
  readonly #timeoutMs: number;
  readonly #pause: Pause;

  constructor(sender: CommandSender, timeoutMs: number, pause: Pause = pauseByTimer) {
    this.#sender = sender;
    this.#timeoutMs = timeoutMs;
    this.#pause = pause;
  }

  /** @throws StoreError */
  runScript({ sha1, lua }: Script, key: string, args: readonly Argument[]): Promise<unknown> {
    return this.#tryOften(async () => {
      try {
        return await this.#within(['EVALSHA', sha1, '1', key, ...args], key);
      } catch (error) {
        // A server that was started or replaced since does not know the script; this also makes it known.
        if (replyCodeOf(error) !== 'NOSCRIPT') throw error;
        return this.#within(['EVAL', lua, '1', key, ...args], key);
      }
    });
  }

  /** @throws StoreError */
  run(command: readonly Argument[], key: string): Promise<unknown> {
    return this.#tryOften(() => this.#within(command, key));
  }

  async #tryOften(work: () => Promise<unknown>): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (tries === TRIES_MAX || !isWorthAnotherTry(error)) throw storeErrorOfCommand(error);
        await this.#pause(fullJitter(BETWEEN_TRIES, tries, Math.random));
      }
    }
  }

  async #within(command: readonly Argument[], key: string): Promise<unknown> {
    const end = new AbortController();
    const tooLate = this.#pause(this.#timeoutMs, end.signal).then(() => {
      throw new CommandTimeoutError(this.#timeoutMs);
    });
    // A client that throws, instead of rejecting, would leave it with nobody to tell that it was called off.
    tooLate.catch(() => {});
    try {
      return await Promise.race([this.#sender.send(command, { key, signal: end.signal }), tooLate]);
    } finally {
      // Of the command, if it is still in a queue, and of the timer.
      end.abort();
    }
  }
}

function pauseByTimer(ms: number, signal?: AbortSignal): Promise<unknown> {
  return setTimeout(ms, undefined, { signal });
}
