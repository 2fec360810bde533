/** What the checks of one history share: what they know of it, and what they have found. */
import type { IdempotencyRecord } from '../../../lib/index.ts';
import type { Databases } from '../databases.ts';
import type { Sender } from '../invocation.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SimulatedTable } from '../simulated-table.ts';
import type { WhenUncertain, Work } from '../world.ts';
import { LeaseEnds } from './lease-ends.ts';
import { Lives } from './lives.ts';
import { type Invariant, Violation } from './promises.ts';

export interface CheckedWorld {
  readonly scheduler: Scheduler;
  readonly table: SimulatedTable;
  readonly databases: Databases;
  /** By how much the fastest clock is ahead of the true one. */
  readonly clockSkewMs: number;
  readonly work: Work;
  readonly onUncertain: WhenUncertain;
  readonly renewsLeases: boolean;
  readonly cache: boolean;
}

export class Evidence {
  readonly world: CheckedWorld;
  readonly lives = new Lives();
  readonly leases = new LeaseEnds();
  /** Whose result a sender has found out, instead of running. */
  readonly #foundOut = new Map<Sender, Sender>();
  #violation: Violation | undefined;

  constructor(world: CheckedWorld) {
    this.world = world;
  }

  /** The first broken promise. It is kept and not thrown: the library would take it for a failure of the store. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** All that later judgements depend on. */
  get state(): string {
    return JSON.stringify([
      this.lives.state,
      [...this.#foundOut].map(([sender, run]) => [sender.number, run.number]),
      this.world.databases.state,
    ]);
  }

  fail(invariant: Invariant, what: string): void {
    this.#violation ??= new Violation(invariant, what);
  }

  foundOut(sender: Sender, run: Sender): void {
    this.#foundOut.set(sender, run);
  }

  /** The number of the run whose result is that of `sender`: its own, unless it has found out another one's. */
  resultOf(sender: Sender): number {
    return (this.#foundOut.get(sender) ?? sender).number;
  }

  recordOf({ recordId }: Sender): IdempotencyRecord | undefined {
    return recordId === undefined ? undefined : this.world.table.record(recordId);
  }

  endLife(key: string): void {
    this.lives.end(key, this.world.scheduler.nowMs);
  }
}

export function nameOf(record: IdempotencyRecord | undefined): string {
  return record === undefined ? 'no record' : `the ${record.status} record of attempt ${record.owner}`;
}
