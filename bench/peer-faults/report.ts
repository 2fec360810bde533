import { describeAnswer } from './answer.ts';
import { CONTENDERS } from './contenders.ts';
import { FAULTS } from './faults.ts';
import type { Step } from './lab.ts';
import { describeRecord } from './record.ts';
import { summaryRows } from './summary.ts';
import type { ScenarioResult, Trial } from './trial.ts';

export interface EngineResults {
  readonly engine: string;
  readonly results: readonly ScenarioResult[];
}

export interface Report {
  /** What was compared, and when: name and version. */
  readonly conditions: Readonly<Record<string, string>>;
  /** The same scenarios on each engine; what is shown in full is the first. */
  readonly engines: readonly [EngineResults, ...EngineResults[]];
}

export function toJson({ conditions, engines }: Report): string {
  const plain = engines.map(({ engine, results }) => ({
    engine,
    scenarios: results.map(({ scenario, trials }) => ({
      id: scenario.id,
      title: scenario.title,
      runsAllowed: scenario.runsAllowed,
      trials: trials.map(({ contender, ...trial }) => ({ contender: contender.name, ...trial })),
    })),
  }));
  return `${JSON.stringify({ conditions, engines: plain }, null, 2)}\n`;
}

/** The overview and the summary, for a terminal. */
export function toText(report: Report): string {
  const [{ results }] = report.engines;
  const rows = [
    ['scenario', ...CONTENDERS.map(({ name }) => name)],
    ...results.map(({ scenario, trials }) => [scenario.id, ...trials.map(verdict)]),
  ];
  return `${[
    ...columns(rows),
    '',
    ...columns(summaryRows(results).map((row) => row.map((cell) => cell.replaceAll(/[*`]/g, '')))),
    '',
    ...conditionsOf(report),
  ].join('\n')}\n`;
}

export function toMarkdown(report: Report): string {
  const [{ results }] = report.engines;
  return `${[
    '# This library and Powertools for AWS Lambda under the same faults',
    '',
    'Printed by `npm run evidence:peer-faults` (see `bench/peer-faults/`); not edited by hand.',
    '',
    ...conditionsOf(report).map((line) => `- ${line}`),
    '',
    '## Summary',
    '',
    ...table(summaryRows(results)),
    '',
    'The scenarios are not weighed: some of them have one cause, two are set up with an option that only one of the libraries has (see their remarks), and which of them can happen to you is for you to say. How each is judged, and what was done to be fair to the peer, is in [bench/peer-faults](../../bench/peer-faults/README.md).',
    '',
    '## Overview',
    '',
    '"ok" means that the promise was kept: the handler ran as often as the scenario allows, what was recorded stayed, and every caller was answered as it should be. Everything else is one of these, found by the same rules for all of them:',
    '',
    ...Object.entries(FAULTS).map(([name, meaning]) => `- **${name}**: ${meaning}.`),
    '',
    ...table([
      ['Scenario', ...CONTENDERS.map(({ name, library }) => `\`${name}\` (${library})`)],
      ...results.map(({ scenario, trials }) => [
        `[${scenario.title}](#${scenario.id})`,
        ...trials.map((trial) => (trial.faults.length === 0 ? 'ok' : `**${verdict(trial)}**`)),
      ]),
    ]),
    '',
    '## Step by step',
    '',
    'Each cell: what the caller got → the record that was left.',
    ...results.flatMap(section),
  ].join('\n')}\n`;
}

function section({ scenario, trials }: ScenarioResult): string[] {
  const names = trials[0]?.steps.map(({ name }) => name) ?? [];
  return [
    '',
    `<a id="${scenario.id}"></a>`,
    '',
    `### ${scenario.title}`,
    '',
    scenario.story,
    '',
    ...table([
      ['Step', ...CONTENDERS.map(({ name }) => `\`${name}\``)],
      ...names.map((name, index) => [name, ...trials.map(({ steps }) => cellOf(steps[index]))]),
      [`runs of the handler (allowed: ${scenario.runsAllowed})`, ...trials.map(({ runs }) => String(runs))],
      ['verdict', ...trials.map((trial) => verdict(trial))],
    ]),
    ...(scenario.remark === undefined ? [] : ['', scenario.remark]),
  ];
}

function cellOf(step: Step | undefined): string {
  if (step === undefined) return '';
  const answer = step.answer === undefined ? 'running' : describeAnswer(step.answer);
  return `${answer} → ${describeRecord(step.record)}`;
}

function verdict({ faults, runs }: Trial): string {
  if (faults.length === 0) return 'ok';
  return faults.map((fault) => (fault === 'duplicate run' ? `${fault} (${runs})` : fault)).join(', ');
}

function conditionsOf({ conditions, engines }: Report): string[] {
  const [shown, ...others] = engines;
  return [
    ...Object.entries(conditions).map(([name, value]) => `${name}: ${value}`),
    `Engine: ${shown.engine}`,
    ...others.map((other) => `Played again on ${other.engine}: ${comparison(shown, other)}`),
  ];
}

/** A verdict that an engine has a say in would be the engine's and not the library's. */
function comparison(shown: EngineResults, other: EngineResults): string {
  const differences = shown.results.flatMap(({ scenario, trials }, row) =>
    trials.flatMap((trial, column) => {
      const there = other.results[row]?.trials[column];
      const isSame = there !== undefined && verdict(there) === verdict(trial);
      return isSame ? [] : [`${scenario.id}, ${trial.contender.name}: ${there && verdict(there)}`];
    }),
  );
  const verdicts = shown.results.length * CONTENDERS.length;
  return differences.length === 0
    ? `all ${verdicts} verdicts are the same`
    : `${differences.length} of ${verdicts} verdicts differ (${differences.join('; ')})`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  const [head = '', ...body] = lines;
  return [head, `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...body];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
      .join('')
      .trimEnd(),
  );
}
