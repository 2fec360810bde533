/** What a run with a database for each server came to, from the same evidence as a chaos run. */
import type { ChaosResult } from '../chaos/chaos.ts';
import { isBlocked } from '../chaos/checker.ts';
import type { KeyStory } from '../chaos/key-story.ts';

export interface ServerFigures {
  readonly operations: number;
  readonly requests: number;
  readonly requestsUnanswered: number;
  readonly kills: number;
  readonly restarts: number;
  readonly stops: number;
  readonly killedBetweenRowAndRecord: number;
  readonly takeovers: number;
  /** Rows that a server has put into the database of another, because the operation had begun there. */
  readonly finishedElsewhere: number;
  readonly replays: number;
  /** Of these, on another server than the one that had run the operation. */
  readonly replaysOfOtherServers: number;
  readonly replaysFromCache: number;
  readonly rowsByDatabase: readonly number[];
  /** Keys with a row more than one, over all databases together: the effect that took place twice. */
  readonly duplicates: number;
  /** Of these, in how many the rows lie in different databases. */
  readonly duplicatesAcrossDatabases: number;
  /** Keys that nobody can use any more, because their outcome is not known. */
  readonly blocked: number;
  /** Keys whose answers name different executions. */
  readonly answersThatDiffer: number;
  readonly durationMs: number;
}

export function serverFiguresOf(
  { figures, stories, findings, durationMs }: ChaosResult,
  servers: number,
): ServerFigures {
  const rows = stories.flatMap((story) => story.rows);
  const replays = stories.flatMap(replaysOf);
  const twice = stories.filter((story) => story.rows.length > 1);
  return {
    operations: figures.operations,
    requests: figures.requests,
    requestsUnanswered: figures.requestsUnanswered,
    kills: figures.kills,
    // A worker is started for each that was killed, or the run would have failed.
    restarts: figures.kills,
    stops: figures.shortStops + figures.longStops,
    killedBetweenRowAndRecord: figures.killedAt['row put'],
    takeovers: figures.takeovers,
    finishedElsewhere: stories.filter(isFinishedElsewhere).length,
    replays: replays.length,
    replaysOfOtherServers: replays.filter(({ isOfOtherServer }) => isOfOtherServer).length,
    replaysFromCache: replays.filter(({ from }) => from === 'cache').length,
    rowsByDatabase: Array.from(
      { length: servers },
      (_, index) => rows.filter(({ database }) => database === index).length,
    ),
    duplicates: twice.length,
    duplicatesAcrossDatabases: twice.filter(
      (story) => new Set(story.rows.map(({ database }) => database)).size > 1,
    ).length,
    blocked: stories.filter(isBlocked).length,
    answersThatDiffer: new Set(
      findings.filter(({ invariant }) => invariant === 'answers agree').map(({ key }) => key),
    ).size,
    durationMs,
  };
}

/** What this run must have met to show anything. */
export function missedEncounters(figures: ServerFigures): string[] {
  const missed: string[] = [];
  if (figures.killedBetweenRowAndRecord === 0)
    missed.push('No server was killed between a row and its record.');
  if (figures.takeovers === 0) missed.push('No server took over from another.');
  if (figures.replaysOfOtherServers === 0) missed.push('No retry was answered by another server.');
  if (figures.replaysFromCache === 0) missed.push('No retry was answered from a cache.');
  return missed;
}

interface Replay {
  readonly isOfOtherServer: boolean;
  readonly from: 'store' | 'cache' | undefined;
}

function replaysOf({ requests, executions, record }: KeyStory): Replay[] {
  const answer = record?.answer;
  const executionId = answer?.kind === 'result' ? answer.executionId : undefined;
  const runBy = executions.find((execution) => execution.executionId === executionId)?.worker;
  return [...requests.values()].flatMap(({ worker, notes }) =>
    notes
      .filter(({ what }) => what === 'replayed')
      .map(({ from }) => ({
        from,
        isOfOtherServer: runBy !== undefined && slotOf(runBy) !== slotOf(worker),
      })),
  );
}

/** Whoever ran it to its end is not whose database its row lies in. */
function isFinishedElsewhere({ rows, executions, record }: KeyStory): boolean {
  const answer = record?.answer;
  if (answer?.kind !== 'result') return false;
  const runBy = executions.find(({ executionId }) => executionId === answer.executionId)?.worker;
  return runBy !== undefined && rows.some(({ database }) => database !== slotOf(runBy));
}

/** Workers are called by their place, from 1, and how many there have been. */
function slotOf(worker: string): number {
  return Number(worker.split('.')[0]) - 1;
}
