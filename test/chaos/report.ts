/** What a run prints. */
import type { ChaosResult } from './chaos.ts';
import { type Finding, INVARIANTS, type Invariant } from './checker.ts';
import type { Contender } from './contenders.ts';
import type { Figures } from './figures.ts';
import { groupBy } from './group-by.ts';
import { historyOf } from './history.ts';

export interface Judged {
  readonly contender: Contender;
  readonly result: ChaosResult;
}

export function toText({ figures, findings, stories, durationMs }: ChaosResult): string {
  const rows = lines(figures).map(([name, value]) => `${name.padEnd(32)}${value}`);
  rows.push(`${'duration'.padEnd(32)}${(durationMs / 1000).toFixed(0)} s`);
  // All are counted; one key for each broken promise is shown, with everything that happened to it.
  const shown = [...groupBy(findings, ({ invariant }) => invariant).values()].map(([first]) => first?.key);
  const histories = stories
    .filter(({ operation }) => shown.includes(operation.key))
    .flatMap((story) => ['', historyOf(story), ...brokenFor(story.operation.key, findings)]);
  return [...rows, ...histories, '', ...summary(findings)].join('\n');
}

/** A table for a document: what both were put through, and what became of it. */
export function toTable(judged: readonly Judged[]): string {
  const all = judged.map(({ result }) => new Map(comparedLines(result.figures)));
  const names = [...(all[0]?.keys() ?? [])];
  return [
    `| | ${judged.map(({ contender }) => contender).join(' | ')} |`,
    `|${' --- |'.repeat(judged.length + 1)}`,
    ...names.map((name) => `| ${name} | ${all.map((one) => one.get(name)).join(' | ')} |`),
  ].join('\n');
}

function lines(figures: Figures): [string, string][] {
  const { killedAt } = figures;
  return [
    ['operations', String(figures.operations)],
    ['requests', `${figures.requests}, ${figures.requestsUnanswered} of them without an answer`],
    ['kills', `${figures.kills}, ${figures.killsInFlight} of them with a request in flight`],
    [
      'requests killed',
      Object.entries(killedAt)
        .map(([moment, count]) => `${moment} ${count}`)
        .join(', '),
    ],
    ['stops', `${figures.shortStops} shorter than the lease, ${figures.longStops} longer`],
    ['zombies', `${figures.zombies}, and ${figures.overruns} too slow without a stop`],
    ['takeovers', String(figures.takeovers)],
    ['superseded attempts', String(figures.superseded)],
    ['replays', String(figures.replays)],
    ['store failures', String(figures.storeFailures)],
    ['other payloads refused', String(figures.mismatchesRefused)],
    ['executions', `${figures.executions}, ${figures.furtherExecutions} of them not the first of their key`],
    ['executions per key', histogram(figures.executionsPerKey)],
    ['rows per key', histogram(figures.rowsPerKey)],
    ['uncertain keys (blocked)', String(figures.uncertainKeys)],
    ['longest unavailability of a key', milliseconds(figures.longestUnavailableMs)],
  ];
}

/** What both tell alike; a peer that counts no attempts is not asked for them. */
function comparedLines(figures: Figures): [string, string][] {
  const { broken } = figures;
  const keys = (invariant: Invariant) => String(broken[invariant] ?? 0);
  return [
    ['operations, each with a key of its own', String(figures.operations)],
    ['requests', String(figures.requests)],
    ['kills (with a request in flight)', `${figures.kills} (${figures.killsInFlight})`],
    ['stops shorter than the lease, longer', `${figures.shortStops}, ${figures.longStops}`],
    ['zombies', String(figures.zombies)],
    ['duplicate rows in the effects log', String(figures.furtherExecutions)],
    ['keys run again although nothing befell the first run', keys('a further execution is explained')],
    ['keys run twice at a time', keys('one live lease')],
    ['keys run again after they were answered', keys('completed is final')],
    ['keys whose results differ, were overwritten or lost', keys('answers agree')],
    ['keys that ran another payload', keys('another payload changes nothing')],
    ['stuck keys', keys('no key is stuck')],
    ['longest unavailability of a key', milliseconds(figures.longestUnavailableMs)],
    ['rows per key (put under one id on condition that it is new)', histogram(figures.rowsPerKey)],
  ];
}

function brokenFor(key: string, findings: readonly Finding[]): string[] {
  return findings
    .filter((finding) => finding.key === key)
    .map(({ invariant, message }) => `  BROKEN: ${invariant}: ${message}`);
}

function summary(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return ['Every promise was kept.'];
  return [...groupBy(findings, ({ invariant }) => invariant)].map(
    ([invariant, found]) =>
      `BROKEN for ${new Set(found.map(({ key }) => key)).size} keys: ${INVARIANTS[invariant]}`,
  );
}

function histogram(counts: Readonly<Record<number, number>>): string {
  return Object.entries(counts)
    .map(([value, keys]) => `${value}: ${keys} keys`)
    .join(', ');
}

function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? `${ms} ms` : 'for good';
}
