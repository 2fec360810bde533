import type { SubjectName } from '../subjects.ts';
import { markdownTable, median } from '../tables.ts';

export const SCENARIOS = ['first-run', 'replay'] as const;
type Scenario = (typeof SCENARIOS)[number];

/** The share of Powertools' CPU time over the raw SDK calls that this library is to stay within. */
const TARGET_SHARE = 0.5;

export interface OverheadRound {
  readonly round: number;
  readonly scenario: Scenario;
  readonly name: SubjectName;
  readonly cpuMsPerInvocation: number;
  readonly medianMs: number;
}

export interface OverheadRun {
  readonly engine: string;
  readonly rounds: number;
  readonly invocations: number;
  readonly raw: readonly OverheadRound[];
}

export function overheadMarkdown({ engine, rounds, invocations, raw }: OverheadRun): string {
  const names = [...new Set(raw.map(({ name }) => name))];
  const rows = SCENARIOS.flatMap((scenario) =>
    names.map((name) => {
      const own = raw.filter((row) => row.scenario === scenario && row.name === name);
      const over = (floor: SubjectName) => median(cpuOver(raw, scenario, name, floor)).toFixed(3);
      return [
        scenario,
        name,
        median(own.map(({ cpuMsPerInvocation }) => cpuMsPerInvocation)).toFixed(3),
        over('bare'),
        over('raw SDK calls'),
        median(own.map(({ medianMs }) => medianMs)).toFixed(3),
      ];
    }),
  );
  const head = ['case', 'variant', 'CPU ms', 'over bare', 'over raw SDK calls', 'latency ms'];
  const targets = SCENARIOS.map((scenario) => {
    const share = shareOfPowertools(raw, scenario);
    return [
      scenario,
      `at most ${TARGET_SHARE}`,
      share?.toFixed(2) ?? 'below noise',
      share === undefined ? 'undecided' : share <= TARGET_SHARE ? 'met' : 'not met',
    ];
  });
  return [
    `${engine}; medians of ${rounds} rounds of ${invocations} invocations for each variant.`,
    markdownTable(head, rows),
    markdownTable(['case', 'CPU over raw SDK calls, of Powertools', 'measured', ''], targets),
  ].join('\n\n');
}

/**
 * The median over the rounds of the ratio within a round; undefined where in any round a library took no more than the
 * raw calls did: then noise is larger than what is looked for, and a ratio would say nothing.
 */
export function shareOfPowertools(raw: readonly OverheadRound[], scenario: Scenario): number | undefined {
  const ours = cpuOver(raw, scenario, 'lambda-idempotency', 'raw SDK calls');
  const theirs = cpuOver(raw, scenario, 'powertools', 'raw SDK calls');
  if ([...ours, ...theirs].some((cpu) => !(cpu > 0))) return;
  return median(ours.map((cpu, round) => cpu / (theirs[round] ?? Number.NaN)));
}

/** CPU time of `name` less that of `floor`, in milliseconds, a number for each round. */
function cpuOver(
  raw: readonly OverheadRound[],
  scenario: Scenario,
  name: SubjectName,
  floor: SubjectName,
): number[] {
  const of = (subject: SubjectName) =>
    raw
      .filter((row) => row.scenario === scenario && row.name === subject)
      .toSorted((a, b) => a.round - b.round)
      .map(({ cpuMsPerInvocation }) => cpuMsPerInvocation);
  const floors = of(floor);
  return of(name).map((cpu, round) => cpu - (floors[round] ?? Number.NaN));
}
