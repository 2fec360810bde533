import { describeAnswer } from './answer.ts';
import { CONTENDERS } from './contenders.ts';
import { FAULTS } from './faults.ts';
import type { Step } from './lab.ts';
import { describeRecord } from './record.ts';
import type { ScenarioResult, Trial } from './trial.ts';

export interface Report {
  /** What was compared, on what, and when: name and version. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly results: readonly ScenarioResult[];
}

export function toJson({ conditions, results }: Report): string {
  const scenarios = results.map(({ scenario, trials }) => ({
    id: scenario.id,
    title: scenario.title,
    runsAllowed: scenario.runsAllowed,
    trials: trials.map(({ contender, ...trial }) => ({ contender: contender.name, ...trial })),
  }));
  return `${JSON.stringify({ conditions, scenarios }, null, 2)}\n`;
}

/** The overview alone, for a terminal. */
export function toText({ conditions, results }: Report): string {
  const rows = [
    ['scenario', ...CONTENDERS.map(({ name }) => name)],
    ...results.map(({ scenario, trials }) => [scenario.id, ...trials.map(verdict)]),
  ];
  const widths = CONTENDERS.map((_, column) => widest(rows.map((row) => row[column] ?? '')));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
      .join('')
      .trimEnd(),
  );
  return `${[...lines, '', ...conditionsOf(conditions)].join('\n')}\n`;
}

export function toMarkdown({ conditions, results }: Report): string {
  const clean = CONTENDERS.map(
    (_, column) => results.filter(({ trials }) => trials[column]?.faults.length === 0).length,
  );
  return `${[
    '# This library and Powertools for AWS Lambda under the same faults',
    '',
    'Printed by `npm run bench:peer-faults -- --markdown` (see `bench/peer-faults/`); not edited by hand.',
    '',
    ...conditionsOf(conditions).map((line) => `- ${line}`),
    '',
    '"ok" means that the promise was kept: the handler ran as often as the scenario allows, what was recorded stayed, and every caller was answered as it should be. Everything else is one of these, found by the same rules for all four:',
    '',
    ...Object.entries(FAULTS).map(([name, meaning]) => `- **${name}**: ${meaning}.`),
    '',
    '## Overview',
    '',
    ...table([
      ['Scenario', ...CONTENDERS.map(({ name, library }) => `\`${name}\` (${library})`)],
      ...results.map(({ scenario, trials }) => [
        `[${scenario.title}](#${scenario.id})`,
        ...trials.map((trial) => (trial.faults.length === 0 ? 'ok' : `**${verdict(trial)}**`)),
      ]),
      ['scenarios without a fault', ...clean.map((count) => `${count} of ${results.length}`)],
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

function conditionsOf(conditions: Report['conditions']): string[] {
  return Object.entries(conditions).map(([name, value]) => `${name}: ${value}`);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  const [head = '', ...body] = lines;
  return [head, `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...body];
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}
