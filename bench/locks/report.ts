import { markdownTable, median, quantile } from '../tables.ts';

export const CONTENDERS = ['lambda-idempotency/locks', '@deliveryhero/dynamodb-lock, polling'] as const;

export interface LockRound {
  readonly round: number;
  readonly contender: (typeof CONTENDERS)[number];
  readonly callers: number;
  readonly waitsMs: readonly number[];
  /** Grants of each caller. */
  readonly grants: readonly number[];
  readonly requests: number;
}

export interface LocksRun {
  readonly engine: string;
  readonly rounds: number;
  readonly durationMs: number;
  readonly raw: readonly LockRound[];
}

export function locksMarkdown({ engine, rounds, durationMs, raw }: LocksRun): string {
  const callers = [...new Set(raw.map((row) => row.callers))];
  const rows = callers.flatMap((count) =>
    CONTENDERS.map((contender) => {
      const own = raw.filter((row) => row.callers === count && row.contender === contender);
      const of = (read: (row: LockRound) => number) => median(own.map(read));
      const sum = ({ grants }: LockRound) => grants.reduce((total, number) => total + number, 0);
      return [
        String(count),
        contender,
        of((row) => sum(row) / (durationMs / 1000)).toFixed(1),
        of(({ waitsMs }) => quantile(waitsMs, 0.5)).toFixed(1),
        of(({ waitsMs }) => quantile(waitsMs, 0.99)).toFixed(1),
        `${of(({ grants }) => Math.min(...grants))}, ${of(({ grants }) => Math.max(...grants))}`,
        of((row) => row.requests / Math.max(sum(row), 1)).toFixed(1),
      ];
    }),
  );
  return [
    `${engine}; medians of ${rounds} rounds of ${durationMs / 1000} s.`,
    markdownTable(
      [
        'callers',
        'variant',
        'grants a second',
        'wait p50 ms',
        'p99 ms',
        'grants of the least, the most served',
        'requests a grant',
      ],
      rows,
    ),
  ].join('\n\n');
}
