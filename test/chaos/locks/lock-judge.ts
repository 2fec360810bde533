/** Holds what the workers told, and what is left in the table, against the promises of locks. */
import type { Holding } from './holding.ts';

export interface LockRun {
  readonly permits: Readonly<Record<string, number>>;
  readonly holdings: readonly Holding[];
  readonly kills: readonly { readonly worker: string; readonly atMs: number }[];
  /** The counter of the mutex, and the increments that were written with it, in one transaction each. */
  readonly counter: number;
  readonly increments: number;
  /** Within so long somebody has to have the place of a dead holder, in milliseconds. */
  readonly recoveryMaxMs: number;
}

export interface LockFigures {
  readonly grants: number;
  readonly kills: number;
  /** Kills of a worker that held a place. */
  readonly holdersKilled: number;
  /** Holders that were at work when their lease was over. */
  readonly zombies: number;
  readonly writesRefused: number;
  readonly counter: number;
  /** From the death of a mutex's holder to the next grant. */
  readonly longestWaitAfterDeathMs: number;
  readonly most: Readonly<Record<string, number>>;
}

export function judgeLocks(run: LockRun): {
  readonly findings: readonly string[];
  readonly figures: LockFigures;
} {
  const { holdings, permits, kills, counter, increments } = run;
  const findings: string[] = [];
  const most: Record<string, number> = {};
  for (const [resource, allowed] of Object.entries(permits)) {
    const held = holdings.filter((one) => one.resource === resource);
    const together = mostAtATime(held);
    most[resource] = together;
    if (together > allowed) {
      findings.push(`${together} held ${resource} at a time, where ${allowed} may.`);
    }
    const tokens = held.map(({ fencingToken }) => fencingToken);
    if (new Set(tokens).size < tokens.length) findings.push(`A number of ${resource} was granted twice.`);
    if (allowed === 1) findings.push(...outOfOrder(held, resource));
  }
  if (counter !== increments) {
    findings.push(`The counter is ${counter}, and ${increments} increments were written: some are lost.`);
  }
  const failed = holdings.filter(({ write }) => write === 'failed').length;
  if (failed > 0) findings.push(`${failed} writes failed, and not by the fence: the run proves nothing.`);

  const deaths = kills.flatMap(({ worker, atMs }) => {
    const died = holdings.find(
      (one) =>
        one.worker === worker &&
        one.endedAtMs === undefined &&
        one.grantedAtMs <= atMs &&
        one.leaseEndsAtMs > atMs,
    );
    return died === undefined ? [] : [{ atMs, ...died }];
  });
  const waits = deaths
    .filter(({ resource }) => permits[resource] === 1)
    .flatMap(({ atMs, resource, fencingToken }) => {
      const next = holdings
        .filter((one) => one.resource === resource && one.fencingToken > fencingToken)
        .map(({ grantedAtMs }) => grantedAtMs);
      return next.length === 0 ? [] : [Math.min(...next) - atMs];
    });
  const longest = Math.max(0, ...waits);
  if (longest > run.recoveryMaxMs) {
    findings.push(`A dead holder’s place was free only after ${longest} ms, and not ${run.recoveryMaxMs}.`);
  }
  return {
    findings,
    figures: {
      grants: holdings.length,
      kills: kills.length,
      holdersKilled: deaths.length,
      zombies: holdings.filter(({ endedAtMs, leaseEndsAtMs }) => (endedAtMs ?? 0) > leaseEndsAtMs).length,
      writesRefused: holdings.filter(({ write }) => write === 'refused').length,
      counter,
      longestWaitAfterDeathMs: longest,
      most,
    },
  };
}

/** What a run has to have met, to count as one. */
export function missedByLockRun(
  { holdersKilled, zombies, writesRefused, most }: LockFigures,
  permits: LockRun['permits'],
): string[] {
  const neverFull = Object.entries(permits).filter(([resource, allowed]) => (most[resource] ?? 0) < allowed);
  return [
    ...neverFull.map(([resource]) => `the ${resource} was never held by as many as may`),
    ...(holdersKilled === 0 ? ['no holder was killed'] : []),
    ...(zombies === 0 ? ['no holder outlived its lease'] : []),
    ...(writesRefused === 0 ? ['no late write was refused'] : []),
  ];
}

/** A holder counts as one until it ends, or until the lease that it has told of does. */
function mostAtATime(held: readonly Holding[]): number {
  const edges = held
    .map(({ grantedAtMs, endedAtMs, leaseEndsAtMs }) => [
      grantedAtMs,
      Math.min(endedAtMs ?? Number.POSITIVE_INFINITY, leaseEndsAtMs),
    ])
    .filter(([from = 0, to = 0]) => from < to)
    .flatMap(([from = 0, to = 0]) => [
      { atMs: from, by: 1 },
      { atMs: to, by: -1 },
    ])
    // Ends first: at one and the same millisecond nobody can tell which was earlier.
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of edges) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** Of those that got their place in time to use it. */
function outOfOrder(held: readonly Holding[], resource: string): string[] {
  const inTime = held
    .filter(({ grantedAtMs, leaseEndsAtMs }) => grantedAtMs < leaseEndsAtMs)
    .toSorted((a, b) => a.grantedAtMs - b.grantedAtMs || a.fencingToken - b.fencingToken);
  return inTime.flatMap(({ fencingToken }, index) => {
    const before = inTime[index - 1];
    return before !== undefined && before.fencingToken > fencingToken
      ? [`${fencingToken} of ${resource} was granted after ${before.fencingToken}.`]
      : [];
  });
}
