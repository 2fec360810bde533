import { columns } from '../../lib/command-line/columns.ts';
import type { Counts, SuiteRun } from './run-suite.ts';

export function total(runs: readonly Counts[]): Counts {
  return runs.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** A table for people at a terminal. */
export function toText(runs: readonly SuiteRun[]): string {
  return columns([
    ['Node', 'Middy', 'suite', 'passed', 'failed', 'skipped', 'time'],
    ...runs.map(({ node, middy, suite, passed, failed, skipped, seconds }) => [
      node,
      middy,
      suite,
      String(passed),
      String(failed),
      String(skipped),
      `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`,
    ]),
  ]);
}
