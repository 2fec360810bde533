import { byRound, medianRatio, over } from '../by-round.ts';
import type { SubjectName } from '../subjects.ts';
import { markdownTable, median } from '../tables.ts';
import { targetsMarkdown } from '../targets.ts';

export const SCENARIOS = ['first-run', 'replay'] as const;
type Scenario = (typeof SCENARIOS)[number];

export const INSTANT = 'a client that answers at once';
/** Lean has no client of the SDK that could be replaced; and one that answers at once serializes nothing and has no middleware. */
export const INSTANT_SUBJECTS = [
  'bare',
  'raw SDK calls',
  'lambda-idempotency',
  'powertools',
] as const satisfies readonly SubjectName[];

/** The share of Powertools' CPU time over the raw SDK calls that this library is to stay within. */
const SHARE_OF_POWERTOOLS = 0.5;
/** The share of the SDK's CPU time over the bare handler that lean is to stay within, for the same calls and in all. */
const LEAN_SHARE_OF_RAW = 0.4;

export interface OverheadRound {
  readonly round: number;
  readonly scenario: Scenario;
  readonly name: SubjectName;
  readonly cpuMsPerInvocation: number;
  readonly medianMs: number;
}

export interface OverheadForm {
  readonly store: string;
  readonly rounds: number;
  readonly invocations: number;
  readonly raw: readonly OverheadRound[];
}

export interface OverheadRun {
  readonly instant: OverheadForm;
  readonly engine: OverheadForm;
}

export function overheadMarkdown({ instant, engine }: OverheadRun): string {
  const targets = SCENARIOS.flatMap((scenario) => [
    {
      what: `${scenario}: CPU over the raw commands, of Powertools'`,
      atMost: SHARE_OF_POWERTOOLS,
      measured: shareOfPowertools(instant.raw, scenario),
    },
    {
      what: `${scenario}: CPU of the same calls, lean's of the SDK's`,
      atMost: LEAN_SHARE_OF_RAW,
      measured: shareOverBare(engine.raw, scenario, 'same lean calls', 'same SDK calls'),
    },
    {
      what: `${scenario}: CPU of the whole guard on lean, of the raw SDK calls' alone`,
      atMost: LEAN_SHARE_OF_RAW,
      measured: shareOverBare(engine.raw, scenario, 'lambda-idempotency/lean', 'raw SDK calls'),
    },
  ]);
  return [formMarkdown(instant), formMarkdown(engine), targetsMarkdown(targets)].join('\n\n');
}

function formMarkdown({ store, rounds, invocations, raw }: OverheadForm): string {
  const names = [...new Set(raw.map(({ name }) => name))];
  const rows = SCENARIOS.flatMap((scenario) =>
    names.map((name) => {
      const own = raw.filter((row) => row.scenario === scenario && row.name === name);
      const overFloor = (floor: SubjectName) => microseconds(median(cpuOver(raw, scenario, name, floor)));
      return [
        scenario,
        name,
        microseconds(median(own.map(({ cpuMsPerInvocation }) => cpuMsPerInvocation))),
        overFloor('bare'),
        overFloor('raw SDK calls'),
        microseconds(median(own.map(({ medianMs }) => medianMs))),
      ];
    }),
  );
  const head = ['case', 'variant', 'CPU µs', 'over bare', 'over raw SDK calls', 'latency µs'];
  return [
    `Over ${store}; medians of ${rounds} rounds of ${invocations} invocations for each variant.`,
    markdownTable(head, rows),
  ].join('\n\n');
}

const microseconds = (ms: number) => (ms * 1000).toFixed(0);

export function shareOfPowertools(raw: readonly OverheadRound[], scenario: Scenario): number | undefined {
  return medianRatio(
    cpuOver(raw, scenario, 'lambda-idempotency', 'raw SDK calls'),
    cpuOver(raw, scenario, 'powertools', 'raw SDK calls'),
  );
}

function shareOverBare(
  raw: readonly OverheadRound[],
  scenario: Scenario,
  name: SubjectName,
  of: SubjectName,
): number | undefined {
  return medianRatio(cpuOver(raw, scenario, name, 'bare'), cpuOver(raw, scenario, of, 'bare'));
}

/** CPU time of `name` less that of `floor`, in milliseconds, a number for each round. */
function cpuOver(
  raw: readonly OverheadRound[],
  scenario: Scenario,
  name: SubjectName,
  floor: SubjectName,
): number[] {
  const of = (subject: SubjectName) =>
    byRound(
      raw.filter((row) => row.scenario === scenario && row.name === subject),
      ({ cpuMsPerInvocation }) => cpuMsPerInvocation,
    );
  return over(of(name), of(floor));
}
