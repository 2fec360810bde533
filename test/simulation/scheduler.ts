/**
 * Time and order of a simulated world. Whoever wants to go on asks for a step and waits; nothing goes on until that
 * step is taken, and one step is taken at a time. Between two steps lies everything that a distributed system can do.
 */
import { setImmediate } from 'node:timers/promises';

export interface Step {
  readonly actor: number;
  readonly label: string;
  /** It cannot be taken before; 0 for one that waits for nothing but its turn. */
  readonly fromMs: number;
  readonly take: () => void;
}

export class Scheduler {
  /** Epoch milliseconds by a clock that is always right. */
  nowMs = 1_800_000_000_000;
  #waiting: Step[] = [];

  /** Those first that need no time to pass. */
  get waiting(): readonly Step[] {
    return this.#waiting;
  }

  /** Resolves when this step is taken; never, if its actor ends before. */
  step(actor: number, label: string): Promise<void> {
    return new Promise((resolve) => {
      this.#add({ actor, label, fromMs: 0, take: resolve });
    });
  }

  /** Resolves when this step is taken, `ms` from now or later; rejects if it is called off. Clocks have whole milliseconds. */
  sleep(actor: number, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const label = signal === undefined ? 'pause' : 'alarm';
      const callOff = () => {
        this.#remove(step);
        reject(signal?.reason);
      };
      const take = () => {
        signal?.removeEventListener('abort', callOff);
        resolve();
      };
      const step: Step = { actor, label, fromMs: Math.ceil(this.nowMs + ms), take };
      this.#add(step);
      signal?.addEventListener('abort', callOff);
    });
  }

  /** Takes one step, if its actor has not ended, and lets everything run that needs no further one. */
  async take(step: Step): Promise<void> {
    if (this.#remove(step)) step.take();
    await this.settle();
  }

  /** Lets everything run that waits for no step: promise callbacks all come before the next macrotask. */
  async settle(): Promise<void> {
    await setImmediate();
  }

  /** Whoever ended takes no more steps. What it had sent before is not its own any more, and stays under way. */
  end(actor: number): void {
    this.#waiting = this.#waiting.filter((step) => step.actor !== actor);
  }

  #add(step: Step): void {
    const later = this.#waiting.findIndex(({ fromMs }) => fromMs > step.fromMs);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, step);
  }

  #remove(step: Step): boolean {
    const index = this.#waiting.indexOf(step);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }
}

/** Actor of what belongs to nobody: requests under way. They outlive their senders. */
export const NETWORK = -1;
