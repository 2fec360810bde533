import type { Fault, PlannedFault } from './fault.ts';
import type { ProxiedOperation } from './store-operation.ts';

type Plan<F extends string> = PlannedFault<F> & { seen: number };

/**
 * Which request meets which fault. A refused connection strikes before there is one, all other faults behind it; each
 * counts the requests that come as far as to it, so that a refused request is none of the others' business.
 */
export class FaultPlan<F extends string = Fault> {
  #plans: Plan<F>[] = [];
  #strikes: ProxiedOperation[] = [];

  /** Replaces the plan, and counts from 1 again. */
  replace(faults: readonly PlannedFault<F>[]): void {
    this.#plans = faults.map((fault) => ({ ...fault, seen: 0 }));
    this.#strikes = [];
  }

  /** The operations that a fault has struck since the plan was made. */
  get strikes(): readonly ProxiedOperation[] {
    return this.#strikes;
  }

  refusesConnection(operation: ProxiedOperation): boolean {
    return this.#next(operation, ({ fault }) => fault === 'connection refused') !== undefined;
  }

  faultBehindConnection(operation: ProxiedOperation): F | undefined {
    return this.#next(operation, ({ fault }) => fault !== 'connection refused');
  }

  /** Of several faults for one request, the first planned strikes. */
  #next(operation: ProxiedOperation, isOfThisPlace: (plan: Plan<F>) => boolean): F | undefined {
    let struck: F | undefined;
    for (const plan of this.#plans) {
      if (plan.at !== operation || !isOfThisPlace(plan)) continue;
      plan.seen += 1;
      if (plan.seen >= plan.from && plan.seen <= plan.to) struck ??= plan.fault;
    }
    if (struck !== undefined) this.#strikes.push(operation);
    return struck;
  }
}
