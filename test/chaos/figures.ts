/** A run in numbers. */
import { type Finding, type Invariant, isBlocked } from './checker.ts';
import type { Evidence } from './evidence.ts';
import { groupBy } from './group-by.ts';
import { type KeyStory, outlivedLease, type RequestStory, wasFrozen, wasKilled } from './key-story.ts';
import { isMoment, MOMENTS, type Moment } from './moments.ts';
import { unavailableMs } from './unavailability.ts';

export interface Figures {
  readonly operations: number;
  readonly requests: number;
  /** Of those, how many brought no answer. */
  readonly requestsUnanswered: number;
  readonly kills: number;
  readonly shortStops: number;
  readonly longStops: number;
  /** Kills of a worker that had read a request and not answered it, and where these requests stood. */
  readonly killsInFlight: number;
  readonly killedAt: Readonly<Record<Moment, number>>;
  /** Requests that went on after their lease had ended, because they were frozen or (the second) just too slow. */
  readonly zombies: number;
  readonly overruns: number;
  readonly takeovers: number;
  readonly superseded: number;
  readonly replays: number;
  /** How often the library told that its store had failed it: mostly that a lock was granted too late. */
  readonly storeFailures: number;
  readonly mismatchesRefused: number;
  readonly executions: number;
  /** Executions of a key beyond its first. */
  readonly furtherExecutions: number;
  /** Keys that ended blocked, because their outcome is not known. */
  readonly uncertainKeys: number;
  /** Number of keys by their number of rows. */
  readonly rowsPerKey: Readonly<Record<number, number>>;
  readonly executionsPerKey: Readonly<Record<number, number>>;
  readonly longestUnavailableMs: number;
  /** Keys for which each promise was broken. */
  readonly broken: Readonly<Partial<Record<Invariant, number>>>;
}

export function figuresOf(
  evidence: Evidence,
  stories: readonly KeyStory[],
  findings: readonly Finding[],
): Figures {
  const { tries, blows, journal, left, operations } = evidence;
  const requests = stories.flatMap((story) => [...story.requests.values()]);
  const count = (what: string) => journal.filter((note) => note.what === what).length;
  const blowsOf = (kind: string) => blows.filter((blow) => blow.kind === kind);
  const outlived = requests.filter(outlivedLease);
  const killed = requests.filter(wasKilled);
  const keysWithRuns = stories.filter(({ executions }) => executions.length > 0).length;
  return {
    operations: operations.length,
    requests: tries.length,
    requestsUnanswered: tries.filter(({ outcome }) => outcome.kind === 'no answer').length,
    kills: blowsOf('kill').length,
    shortStops: blowsOf('short stop').length,
    longStops: blowsOf('long stop').length,
    killsInFlight: new Set(killed.map(({ worker }) => worker)).size,
    killedAt: countByMoment(killed),
    zombies: outlived.filter(wasFrozen).length,
    overruns: outlived.filter((request) => !wasFrozen(request)).length,
    takeovers: journal.filter(({ what, attempt }) => what === 'acquired' && (attempt ?? 1) > 1).length,
    superseded: count('superseded'),
    replays: count('replayed'),
    storeFailures: count('store-failed'),
    mismatchesRefused: tries.filter(
      ({ purpose, outcome }) => purpose === 'mismatch' && outcome.kind === 'refused',
    ).length,
    executions: left.executions.length,
    furtherExecutions: left.executions.length - keysWithRuns,
    uncertainKeys: stories.filter(isBlocked).length,
    rowsPerKey: histogram(stories.map(({ rows }) => rows.length)),
    executionsPerKey: histogram(stories.map(({ executions }) => executions.length)),
    longestUnavailableMs: Math.max(0, ...stories.map(unavailableMs)),
    broken: brokenKeys(findings),
  };
}

function countByMoment(requests: readonly RequestStory[]): Record<Moment, number> {
  const last = requests.map(({ notes }) => notes.map(({ what }) => what).findLast(isMoment));
  const counts = MOMENTS.map((moment) => [moment, last.filter((one) => one === moment).length]);
  return Object.fromEntries(counts) as Record<Moment, number>; // An entry for each.
}

function histogram(values: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const value of values.toSorted((one, other) => one - other)) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function brokenKeys(findings: readonly Finding[]): Figures['broken'] {
  const keys = groupBy(findings, ({ invariant }) => invariant);
  return Object.fromEntries(
    [...keys].map(([invariant, found]) => [invariant, new Set(found.map(({ key }) => key)).size]),
  );
}
