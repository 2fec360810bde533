/**
 * The promises, held against what a run has left: the tables, the answers and the workers' notes. It judges each key
 * by itself and does not know which library it judges; what a library does not tell (attempts, owners) is not judged.
 */

import type { Execution } from './effects-log.ts';
import {
  type KeyStory,
  outlivedLease,
  type RequestStory,
  resultsOf,
  wasFrozen,
  wasKilled,
} from './key-story.ts';
import { refusedWithoutLock } from './locks.ts';
import { LEASE_MS } from './plan.ts';
import { unansweredMs, unavailableMs } from './unavailability.ts';

export const INVARIANTS = {
  'one row a key': 'in the end each key has one row; a key whose outcome is unknown and blocked, one at most',
  'no answer without its row': 'whoever was told of a result finds its row',
  'answers agree': 'every result that was given for a key is that of the record, and the record is kept',
  'a zombie changes nothing': 'a record holds the result of the attempt that owns it, and of no other',
  'one live lease': 'no execution begins while the lease of another one lives',
  'completed is final': 'no request that comes after the key was consumed runs the handler',
  'attempts grow': 'each further execution of a key has a higher attempt number',
  'a further execution is explained': 'it follows one that was killed, frozen beyond its lease, or too slow',
  'blocked keys run once':
    "with onUncertain 'block' a key runs once at most, and is blocked only after an interruption",
  'another payload changes nothing': 'the key with another payload runs nothing and is given no result',
  'another payload is told so': 'it is refused with 422, and while the first one runs, too',
  'no key is stuck':
    'nobody is told to wait for a lease that is over, and in the end each key can be used or is known to be in doubt',
  'no request is misjudged': 'a request with its own payload is never refused as a mismatch or as malformed',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Finding {
  readonly invariant: Invariant;
  readonly key: string;
  readonly message: string;
}

/**
 * By how much a key may be unusable for longer than by the leases of interrupted attempts and by requests that got no
 * answer: the pauses of its clients, and a machine that does ten other things.
 */
const SLACK_MS = 3_000;

export function judge(stories: readonly KeyStory[]): Finding[] {
  return stories.flatMap((story) =>
    RULES.flatMap(([invariant, rule]) =>
      rule(story).map((message) => ({ invariant, key: story.operation.key, message })),
    ),
  );
}

type Rule = (story: KeyStory) => string[];

const RULES: readonly (readonly [Invariant, Rule])[] = [
  ['one row a key', rowsAreCounted],
  ['no answer without its row', answersHaveRows],
  ['answers agree', answersAgree],
  ['a zombie changes nothing', recordIsItsOwners],
  ['one live lease', leasesDoNotOverlap],
  ['completed is final', nothingRunsAfterCompletion],
  ['attempts grow', attemptsGrow],
  ['a further execution is explained', furtherExecutionsAreExplained],
  ['blocked keys run once', blockedKeysRunOnce],
  ['another payload changes nothing', otherPayloadsChangeNothing],
  ['another payload is told so', mismatchesAreTold],
  ['no key is stuck', keyIsUsable],
  ['no request is misjudged', requestsAreWellJudged],
];

function rowsAreCounted(story: KeyStory): string[] {
  const { rows } = story;
  const least = isBlocked(story) ? 0 : 1;
  return rows.length <= 1 && rows.length >= least ? [] : [`${rows.length} rows`];
}

function answersHaveRows(story: KeyStory): string[] {
  const { rows } = story;
  const missing = resultsOf(story).filter(
    ({ answer }) => !rows.some(({ lineId }) => lineId === answer.lineId),
  );
  return missing
    .slice(0, 1)
    .map(({ answer }) => `a client was told of row ${answer.lineId}, which is not there`);
}

function answersAgree(story: KeyStory): string[] {
  const results = resultsOf(story);
  if (results.length === 0) return [];
  const { record } = story;
  if (record?.answer?.kind !== 'result') {
    return [`a result was given, and the record is ${record?.status ?? 'gone'}`];
  }
  const given = new Set(results.map(({ answer }) => answer.executionId));
  given.add(record.answer.executionId);
  return given.size === 1 ? [] : [`results of ${given.size} executions were given or recorded`];
}

function recordIsItsOwners({ record, executions }: KeyStory): string[] {
  if (record?.answer?.kind !== 'result' || record.attempt === undefined) return [];
  const { executionId, attempt } = record.answer;
  const execution = executions.find((one) => one.executionId === executionId);
  const owner = record.ownerRequest;
  if (attempt === record.attempt && execution?.request === owner) return [];
  return [
    `the record is of attempt ${record.attempt}, request ${owner}, and holds the result of attempt ${attempt}, request ${execution?.request}`,
  ];
}

function leasesDoNotOverlap({ executions }: KeyStory): string[] {
  return pairs(executions)
    .filter(([earlier, later]) => later.beganAtMs < earlier.leaseEndsAtMs)
    .map(
      ([earlier, later]) =>
        `request ${later.request} ran while the lease of request ${earlier.request} had ${earlier.leaseEndsAtMs - later.beganAtMs} ms left`,
    );
}

/** Consumed when its worker said so, or when somebody was told of a result. A zombie has come before. */
function nothingRunsAfterCompletion(story: KeyStory): string[] {
  const completions = [...story.requests.values()]
    .flatMap(({ notes }) => notes)
    .filter(({ what }) => what === 'completed');
  const times = [...completions, ...resultsOf(story)].map(({ atMs }) => atMs);
  const consumedAtMs = Math.min(...times);
  return story.executions
    .filter(({ arrivedAtMs }) => arrivedAtMs > consumedAtMs)
    .map(
      ({ request, arrivedAtMs }) => `request ${request} came ${arrivedAtMs - consumedAtMs} ms later and ran`,
    );
}

/** A handler that fails gives its key back, and counting begins anew. */
function attemptsGrow({ executions, operation }: KeyStory): string[] {
  if (operation.failsFirst) return [];
  return pairs(executions)
    .filter(([earlier, later]) => earlier.attempt !== undefined && (later.attempt ?? 0) <= earlier.attempt)
    .map(
      ([earlier, later]) =>
        `request ${later.request} ran as attempt ${later.attempt} after request ${earlier.request} as attempt ${earlier.attempt}`,
    );
}

function furtherExecutionsAreExplained({ executions, requests }: KeyStory): string[] {
  return pairs(executions)
    .filter(([earlier]) => !endedInDoubt(requests.get(earlier.request)))
    .map(
      ([earlier, later]) => `request ${later.request} ran although nothing befell request ${earlier.request}`,
    );
}

function blockedKeysRunOnce(story: KeyStory): string[] {
  if (story.operation.onUncertain !== 'block') return [];
  const { executions, requests } = story;
  const broken = executions.length <= 1 ? [] : [`${executions.length} executions`];
  if (isBlocked(story) && ![...requests.values()].some(wasInterrupted)) {
    broken.push('it is blocked although nothing befell any of its requests');
  }
  return broken;
}

function otherPayloadsChangeNothing({ operation, tries, executions, rows }: KeyStory): string[] {
  const { sku } = operation.body;
  const broken = tries
    .filter(({ purpose, outcome }) => purpose === 'mismatch' && outcome.kind === 'result')
    .map(({ request }) => `request ${request} was given a result`);
  if (executions.some((execution) => execution.sku !== sku)) broken.push('the other payload ran');
  if (rows.some((row) => row.sku !== sku)) broken.push('the row is of the other payload');
  return broken;
}

function mismatchesAreTold({ tries }: KeyStory): string[] {
  const answers = tries.flatMap(({ purpose, request, outcome }) =>
    purpose === 'mismatch' && outcome.kind === 'refused' ? [{ request, code: outcome.code }] : [],
  );
  // A worker that was frozen in the middle could not tell; the client then comes again.
  const broken = answers
    .filter(({ code }) => !['PAYLOAD_MISMATCH', 'STORE_UNAVAILABLE'].includes(code))
    .map(({ request, code }) => `request ${request} was refused with ${code}`);
  const wasSent = tries.some(({ purpose }) => purpose === 'mismatch');
  if (wasSent && !answers.some(({ code }) => code === 'PAYLOAD_MISMATCH')) {
    broken.push('it was never refused with 422');
  }
  return broken;
}

function keyIsUsable(story: KeyStory): string[] {
  const broken = refusedWithoutLock(story).map(
    (request) => `request ${request} was told that another one is in progress, when no lease could be live`,
  );
  const last = story.tries.findLast(({ purpose }) => purpose === 'last look');
  if (last?.outcome.kind !== 'result' && !isBlocked(story)) {
    broken.push('the last request was not answered with a result');
  }
  const interrupted = [...story.requests.values()].filter(wasInterrupted).length;
  const allowedMs = (interrupted + 1) * LEASE_MS + SLACK_MS + unansweredMs(story);
  const lastedMs = unavailableMs(story);
  if (lastedMs > allowedMs) {
    broken.push(
      `not usable for ${lastedMs} ms, of which ${interrupted} interrupted requests explain ${allowedMs} ms`,
    );
  }
  return broken;
}

function requestsAreWellJudged({ tries }: KeyStory): string[] {
  return tries
    .filter(({ purpose, outcome }) => {
      if (purpose === 'mismatch') return false;
      return outcome.kind === 'refused' && [400, 422].includes(outcome.status);
    })
    .map(({ request, outcome }) => `request ${request} was refused: ${JSON.stringify(outcome)}`);
}

/** Its last answer was that its outcome is not known. */
export function isBlocked({ tries }: KeyStory): boolean {
  const last = tries.findLast(({ purpose }) => purpose === 'last look')?.outcome;
  return last?.kind === 'refused' && last.code === 'OUTCOME_UNKNOWN';
}

/** It died, went on after its lease, or said itself that it does not know. */
function endedInDoubt(request: RequestStory | undefined): boolean {
  if (request === undefined) return false;
  const saidSo = request.notes.some(({ what }) => what === 'in-doubt');
  return wasKilled(request) || outlivedLease(request) || saidSo;
}

/** It may have left a lock behind, or held one for longer than its work needs. */
function wasInterrupted(request: RequestStory): boolean {
  return endedInDoubt(request) || wasFrozen(request);
}

function pairs(executions: readonly Execution[]): (readonly [Execution, Execution])[] {
  return executions.slice(1).map((later, index) => [executions[index] as Execution, later]); // In range.
}
