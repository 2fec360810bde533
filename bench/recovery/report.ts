import { markdownTable, median } from '../tables.ts';

export interface RecoveryRound {
  readonly round: number;
  readonly name: string;
  /** From the entry of the handler to the kill. */
  readonly killAfterMs: number;
  /** From the kill to the moment at which another process may run. */
  readonly recoveryMs: number;
}

export interface RecoveryRun {
  readonly engine: string;
  readonly rounds: number;
  readonly timeoutMs: number;
  readonly raw: readonly RecoveryRound[];
  /** Of a handler that runs for nearly as long as it may, by the name of the variant. */
  readonly requests: Readonly<Record<string, number>>;
}

export function recoveryMarkdown({ engine, rounds, timeoutMs, raw, requests }: RecoveryRun): string {
  const rows = Object.entries(requests).map(([name, sent]) => {
    const timesMs = raw.filter((row) => row.name === name).map(({ recoveryMs }) => recoveryMs);
    const extremes = `${seconds(Math.min(...timesMs))} to ${seconds(Math.max(...timesMs))}`;
    return [name, seconds(median(timesMs)), extremes, String(sent)];
  });
  return [
    `${engine}; ${rounds} kills of each, at another moment of an invocation of ${timeoutMs / 1000} s each time.`,
    markdownTable(['lease', 'key free after (median)', 'extremes', 'requests of a long run'], rows),
  ].join('\n\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
