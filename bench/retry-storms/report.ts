import { markdownTable, median } from '../tables.ts';
import type { Figures, Scenario } from './simulate.ts';

export interface ContenderFigures {
  readonly name: string;
  readonly runs: Readonly<Record<Scenario, readonly Figures[]>>;
}

const HEAD = [
  'retries by',
  'requests',
  'most in a second',
  'without an answer',
  'last one done, s after the outage',
  'duplicate effects',
];

export function stormRow(name: string, runs: readonly Figures[]): string[] {
  const middle = (of: (figures: Figures) => number) => median(runs.map(of));
  return [
    name,
    String(middle(({ requests }) => requests)),
    String(middle(({ peakPerSecond }) => peakPerSecond)),
    String(middle(({ unanswered }) => unanswered)),
    middle(({ recoverySeconds }) => recoverySeconds).toFixed(1),
    String(middle(({ duplicates }) => duplicates)),
  ];
}

export function stormsMarkdown(
  all: readonly ContenderFigures[],
  versions: Readonly<Record<string, string>>,
): string {
  const table = (scenario: Scenario) =>
    markdownTable(
      HEAD,
      all.map(({ name, runs }) => stormRow(name, runs[scenario])),
    );
  return `# Retry storms

1,000 clients, one operation each, during an outage of 10 s in which half of the requests are answered 503 and half take effect
without an answer. Then 200 requests a second. Medians of ${all[0]?.runs.spread.length ?? 0} seeds. What is compared and how:
[bench/retry-storms](../../bench/retry-storms/README.md). Printed by \`npm run bench:retry-storms\`.

${Object.entries(versions)
  .map(([name, version]) => `- ${name}: ${version}`)
  .join('\n')}

## They begin at any moment of the outage

${table('spread')}

## They begin all at once

In the first tenth of a second: a gateway that drops all its connections, a timer on the hour.

${table('together')}

"Without an answer" are operations of which their user is told nothing but that they failed, whether they took effect or not. A
contender with few retries sends few requests because it gives up during the outage; where all do, the time is before its end and
negative. None but ours sends an idempotency key of its own accord, hence the last column.`;
}
