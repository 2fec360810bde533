import type { PlacementName } from '../chaos/placements.ts';
import type { ServerFigures } from './figures.ts';

export interface Judged {
  readonly placement: PlacementName;
  readonly figures: ServerFigures;
}

/** For people at a terminal. */
export function toText({ placement, figures }: Judged): string {
  const rows = [['placement', placement], ...linesOf(figures)];
  return rows.map(([name = '', value]) => `${name.padEnd(52)}${value}`).join('\n');
}

/** For a document. */
export function toTable(judged: readonly Judged[]): string {
  const columns = judged.map(({ figures }) => new Map(linesOf(figures)));
  const names = [...(columns[0]?.keys() ?? [])];
  return [
    `| | ${judged.map(({ placement }) => placement).join(' | ')} |`,
    `|${' --- |'.repeat(judged.length + 1)}`,
    ...names.map((name) => `| ${name} | ${columns.map((column) => column.get(name)).join(' | ')} |`),
  ].join('\n');
}

function linesOf(figures: ServerFigures): [string, string][] {
  return [
    ['operations, each with a key of its own', String(figures.operations)],
    ['requests, and those without an answer', `${figures.requests}, ${figures.requestsUnanswered}`],
    ['servers killed, and started again', `${figures.kills}, ${figures.restarts}`],
    ['servers frozen for a while', String(figures.stops)],
    ['requests killed between row and record', String(figures.killedBetweenRowAndRecord)],
    ['attempts that took over', String(figures.takeovers)],
    ["rows put into another server's database", String(figures.finishedElsewhere)],
    [
      "retries answered from a record, and from another server's",
      `${figures.replays}, ${figures.replaysOfOtherServers}`,
    ],
    ['of these, from a warm cache', String(figures.replaysFromCache)],
    ['rows in each database', figures.rowsByDatabase.join(', ')],
    [
      'keys with two rows, and with rows in two databases',
      `${figures.duplicates}, ${figures.duplicatesAcrossDatabases}`,
    ],
    ['keys that stay blocked', String(figures.blocked)],
    ['keys whose answers differ', String(figures.answersThatDiffer)],
    ['duration', `${(figures.durationMs / 1000).toFixed(0)} s`],
  ];
}
