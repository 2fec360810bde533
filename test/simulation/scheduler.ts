/**
 * Time and order of a simulated world. Whoever wants to go on asks for a step and waits; nothing goes on until that
 * step is taken, and one step is taken at a time. Between two steps lies everything that a distributed system can do.
 */
import { setImmediate } from 'node:timers/promises';

interface Step {
  readonly actor: number;
  readonly label: string;
  readonly take: () => void;
}

export class Scheduler {
  /** Epoch milliseconds by a clock that is always right. */
  nowMs = 1_800_000_000_000;
  #waiting: Step[] = [];

  get waiting(): readonly Step[] {
    return this.#waiting;
  }

  /** Resolves when this step is taken; never, if its actor ends before. */
  step(actor: number, label: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ actor, label, take: resolve });
    });
  }

  /** Takes one step, and lets everything run that needs no further one. */
  async take(index: number): Promise<void> {
    const [step] = this.#waiting.splice(index, 1);
    step?.take();
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
}

/** Actor of what belongs to nobody: requests under way. They outlive their senders. */
export const NETWORK = -1;
