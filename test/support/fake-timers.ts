import type { SetTimer } from '../../lib/index.ts';

/** Time that goes on when the test says so, with the timers that go off on the way. */
export class FakeTimers {
  nowMs = 1_800_000_000_000;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  readonly now = () => this.nowMs;

  readonly setTimer: SetTimer = (callback, delayMs) => {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Timers that are still to go off. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Lets time go on timer by timer, and what each of them begins come to its end. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.callback();
      await settled();
    }
    this.nowMs = untilMs;
    await settled();
  }
}

/** Promise callbacks all come before the next macrotask. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
