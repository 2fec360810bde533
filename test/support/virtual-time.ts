/** A clock that stands still until everybody sleeps, and then goes on to the first one's waking: no test waits. */
import { setImmediate } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import type { Sleep } from '../../lib/index.ts';

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

export class VirtualTime {
  nowMs = 1_800_000_000_000;
  #sleepers: Sleeper[] = [];
  /** Lengths of the sleeps that nothing can cut short: the pauses, and not the alarms. */
  readonly pauses: number[] = [];

  readonly now = (): number => this.nowMs;

  readonly sleep: Sleep = (ms, signal) => {
    if (signal === undefined) this.pauses.push(ms);
    return new Promise((resolve, reject) => {
      const callOff = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', callOff);
        resolve(undefined);
      };
      const sleeper = { wakesAtMs: this.nowMs + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', callOff);
    });
  };

  /** How many are asleep: none, where nothing is left behind. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** A Lambda context whose deadline lies on this clock. */
  context(remainingMs: number): Context {
    const deadlineMs = this.nowMs + remainingMs;
    const remaining = { getRemainingTimeInMillis: () => deadlineMs - this.nowMs };
    return remaining as Context; // The library asks the context for nothing else.
  }

  /** Lets time go on by so much, sleeper by sleeper; what each of them begins comes to its end. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.nowMs + byMs;
    for (let next = this.#first(); next !== undefined && next.wakesAtMs <= untilMs; next = this.#first()) {
      await this.#wake(next);
    }
    this.nowMs = untilMs;
    await settled();
  }

  /** Lets time go on until `work` is done. */
  async passUntilDone<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    await settled();
    while (!done) {
      const next = this.#first();
      if (next === undefined) throw new Error('Waits for something that no time brings.');
      await this.#wake(next);
    }
    return await work;
  }

  #first(): Sleeper | undefined {
    return this.#sleepers.toSorted((a, b) => a.wakesAtMs - b.wakesAtMs).at(0);
  }

  async #wake(sleeper: Sleeper): Promise<void> {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.nowMs = Math.max(this.nowMs, sleeper.wakesAtMs);
    sleeper.wake();
    await settled();
  }
}

/** Promise callbacks all come before the next macrotask. */
export async function settled(): Promise<void> {
  await setImmediate();
}
