/** Carries out the strikes: kills, and freezes for a while, at the moments that the plan names. */
import { setTimeout as pause } from 'node:timers/promises';
import { Dice } from './dice.ts';
import type { Moment } from './moments.ts';
import type { Strike } from './plan.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A strike as it fell. */
export interface Blow {
  readonly kind: Strike['kind'];
  readonly worker: string;
  readonly atMs: number;
  /** When a frozen worker went on; undefined for a kill, which is for good. */
  untilMs: number | undefined;
}

/** If no request comes to the moment that is waited for, the strike falls on whoever is there. */
const MOMENT_WITHIN_MS = 500;

/** So many operations may begin before a strike that is due has fallen. */
const OPERATIONS_AHEAD_MAX = 10;

export class Killer {
  readonly blows: Blow[] = [];
  readonly #strikes: readonly Strike[];
  readonly #pool: WorkerPool;
  readonly #dice: Dice;
  /** Fewer than this must never be left: clients shall find somebody, and keys be taken over. */
  readonly #servingMin: number;
  #operationsBegun = 0;
  #wake: () => void = () => {};
  readonly #thaws: Promise<void>[] = [];

  constructor(
    strikes: readonly Strike[],
    pool: WorkerPool,
    options: { readonly seed: number; readonly servingMin: number },
  ) {
    this.#strikes = strikes;
    this.#pool = pool;
    this.#dice = new Dice(options.seed, 'victims');
    this.#servingMin = options.servingMin;
  }

  /** Resolves when the operation may begin: the strikes that were due well before it have fallen. */
  async admit(operation: number): Promise<void> {
    this.#operationsBegun = Math.max(this.#operationsBegun, operation);
    this.#wake();
    const isFarBehind = () => {
      const next = this.#strikes[this.blows.length];
      return next !== undefined && next.afterOperation + OPERATIONS_AHEAD_MAX < operation;
    };
    while (isFarBehind()) await pause(10);
  }

  /** Resolves when all strikes have fallen and whatever was frozen goes on. */
  async strikeAll(): Promise<void> {
    for (const strike of this.#strikes) {
      while (this.#operationsBegun < strike.afterOperation) await this.#nextOperation();
      while (this.#pool.serving.length <= this.#servingMin) await pause(10);
      await pause(strike.delayMs);
      await this.#fall(strike);
    }
    await Promise.all(this.#thaws);
  }

  async #fall(strike: Strike): Promise<void> {
    const chosen = this.#dice.between(0, 1_000_000);
    const there = strike.moment === 'any' ? undefined : await this.#whoComesTo(strike.moment);
    const { serving } = this.#pool;
    const victim = there ?? serving[chosen % serving.length];
    if (victim === undefined) throw new Error('No worker is left to be struck.');

    const blow: Blow = { kind: strike.kind, worker: victim.name, atMs: Date.now(), untilMs: undefined };
    this.blows.push(blow);
    if (strike.kind === 'kill') {
      victim.kill();
      await victim.exited;
    } else {
      this.#thaws.push(
        victim.freeze(strike.stopMs).then(() => {
          blow.untilMs = Date.now();
        }),
      );
    }
  }

  #whoComesTo(moment: Moment): Promise<WorkerProcess | undefined> {
    return new Promise((resolve) => {
      const end = (worker: WorkerProcess | undefined) => {
        clearTimeout(timer);
        stopListening();
        resolve(worker);
      };
      const timer = setTimeout(() => end(undefined), MOMENT_WITHIN_MS);
      const stopListening = this.#pool.listen(({ what }, worker) => {
        if (what === moment && worker.state === 'serving') end(worker);
      });
    });
  }

  #nextOperation(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
