import { byRound, ratios } from '../by-round.ts';
import type { SubjectName } from '../subjects.ts';
import { markdownTable, median } from '../tables.ts';
import { type Target, targetsMarkdown } from '../targets.ts';

export const SUBJECTS = [
  'raw SDK calls',
  'same SDK calls',
  'lambda-idempotency',
  'lambda-idempotency, plain client',
  'lambda-idempotency/lean',
  'powertools',
] as const satisfies readonly SubjectName[];

/** How far the median may lie above that of the raw SDK calls. */
const LARGEST_RATIO = 1.03;

export interface LatencyRound {
  readonly engine: string;
  readonly round: number;
  readonly name: (typeof SUBJECTS)[number];
  readonly callers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

export interface LatencyRun {
  readonly rounds: number;
  readonly durationMs: number;
  readonly callers: readonly number[];
  readonly raw: readonly LatencyRound[];
}

export function latencyMarkdown({ rounds, durationMs, callers, raw }: LatencyRun): string {
  const cases = [...new Set(raw.map(({ engine }) => engine))].flatMap((engine) =>
    callers.map((count) => ({ engine, count })),
  );
  const rows = cases.flatMap(({ engine, count }) =>
    SUBJECTS.map((name) => {
      const own = raw.filter((row) => row.engine === engine && row.callers === count && row.name === name);
      const of = (read: (row: LatencyRound) => number) => median(own.map(read));
      return [
        engine,
        String(count),
        name,
        of(({ p50Ms }) => p50Ms).toFixed(2),
        of(({ p99Ms }) => p99Ms).toFixed(2),
        of(({ perSecond }) => perSecond).toFixed(0),
        median(p50Ratios(raw, engine, count, name)).toFixed(2),
      ];
    }),
  );
  const targets = cases.map(
    ({ engine, count }): Target => ({
      what: `${engine}, ${count} at once: p50, of the raw SDK calls'`,
      atMost: LARGEST_RATIO,
      measured: median(p50Ratios(raw, engine, count, 'lambda-idempotency')),
    }),
  );
  return [
    `First runs, in one process, 50 sockets for each; medians of ${rounds} rounds of ${durationMs / 1000} s.`,
    markdownTable(
      ['engine', 'at once', 'variant', 'p50 ms', 'p99 ms', 'per second', "p50, of the raw SDK calls'"],
      rows,
    ),
    targetsMarkdown(targets),
  ].join('\n\n');
}

function p50Ratios(
  raw: readonly LatencyRound[],
  engine: string,
  callers: number,
  name: LatencyRound['name'],
): number[] {
  const of = (one: LatencyRound['name']) =>
    byRound(
      raw.filter((row) => row.engine === engine && row.callers === callers && row.name === one),
      ({ p50Ms }) => p50Ms,
    );
  return ratios(of(name), of('raw SDK calls'));
}
