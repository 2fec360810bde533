import { orAbort } from './or-abort.ts';

/**
 * One piece of work that several callers wait for: a double click, or a click while the outbox is being resumed. Each may leave by
 * its own signal; when nobody is left, the work is told to stop.
 */
export class Flight<T> {
  readonly #stopper = new AbortController();
  readonly #work: Promise<T>;
  #passengers = 0;

  constructor(start: (signal: AbortSignal) => Promise<T>) {
    this.#work = start(this.#stopper.signal);
    this.#work.catch(() => {}); // Told to those who wait; there may be none left.
  }

  /** True once everybody has left, so that newcomers need a flight of their own. */
  get abandoned(): boolean {
    return this.#stopper.signal.aborted;
  }

  /** Resolves when it is over, whatever came of it. */
  get over(): Promise<unknown> {
    return this.#work.catch(() => {});
  }

  async join(signal: AbortSignal | undefined): Promise<T> {
    this.#passengers++;
    try {
      return await orAbort(this.#work, signal);
    } finally {
      this.#passengers--;
      if (this.#passengers === 0) this.#stopper.abort(signal?.reason);
    }
  }
}
