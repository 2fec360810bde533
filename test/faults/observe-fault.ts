/** One request that meets a fault, and what comes of it: at once, when the fault is over, and when the lease is. */
import type { Outcome } from './expected-outcomes.ts';
import type { GuardedHandler } from './guarded-handler.ts';

export interface FaultySide {
  /** How many requests a fault has struck since it was planned. */
  readonly strikes: readonly unknown[];
  heal(): void | Promise<void>;
}

export interface FaultObservation {
  readonly outcome: Outcome;
  readonly strikes: number;
}

/** The fault has been planned; whatever runs from now on is counted. */
export async function observeFault(service: GuardedHandler, faulty: FaultySide): Promise<FaultObservation> {
  const runsBefore = service.runs;
  const answer = await service.send();
  const strikes = faulty.strikes.length;
  const runs = service.runs - runsBefore;
  const record = await service.recordLeft();
  await faulty.heal();
  const retryAtOnce = await service.send();
  await service.letLeaseLapse();
  const retryAfterLease = await service.send();
  const runsInAll = service.runs - runsBefore;
  const recordInTheEnd = await service.recordLeft();
  return {
    outcome: { answer, runs, record, retryAtOnce, retryAfterLease, runsInAll, recordInTheEnd },
    strikes,
  };
}
