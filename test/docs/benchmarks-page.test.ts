import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type OverheadRound, overheadMarkdown, shareOfPowertools } from '../../bench/overhead/report.ts';
import { benchmarksMarkdown } from '../../bench/page.ts';
import { keptRuns, PAGE } from '../../bench/runs.ts';
import type { SubjectName } from '../../bench/subjects.ts';

/** Rounds of first runs and replays alike, by the CPU milliseconds of each variant. */
function roundsOf(...rounds: readonly Partial<Record<SubjectName, number>>[]): OverheadRound[] {
  return rounds.flatMap((cpu, round) =>
    (['first-run', 'replay'] as const).flatMap((scenario) =>
      Object.entries(cpu).map(([name, cpuMsPerInvocation]) => ({
        round,
        scenario,
        name: name as SubjectName, // The keys of `cpu`.
        cpuMsPerInvocation,
        medianMs: 1,
      })),
    ),
  );
}
const markdownOf = (raw: OverheadRound[]) =>
  overheadMarkdown({
    instant: { store: 'instant', rounds: 1, invocations: 1, raw },
    engine: { store: 'engine', rounds: 1, invocations: 1, raw },
  });

test('the page is what the kept runs render to', () => {
  expect(Object.keys(keptRuns())).not.toEqual([]);
  expect(readFileSync(PAGE, 'utf8')).toBe(benchmarksMarkdown(keptRuns()));
});

test('a share is the median of the ratios within rounds, each over the raw calls of its own round', () => {
  const raw = roundsOf(
    { 'raw SDK calls': 1, 'lambda-idempotency': 2, powertools: 5 },
    { 'raw SDK calls': 10, 'lambda-idempotency': 11, powertools: 12 },
    { 'raw SDK calls': 2, 'lambda-idempotency': 5, powertools: 6 },
  );
  expect(shareOfPowertools(raw, 'first-run')).toBe(0.5);
});

test('a target is met up to its bound, and not beyond', () => {
  expect(markdownOf(roundsOf({ 'raw SDK calls': 1, 'lambda-idempotency': 2, powertools: 3 }))).toContain(
    "| first-run: CPU over the raw commands, of Powertools' | at most 0.5 | 0.50 | met |",
  );
  expect(markdownOf(roundsOf({ 'raw SDK calls': 1, 'lambda-idempotency': 3, powertools: 4 }))).toContain(
    "| first-run: CPU over the raw commands, of Powertools' | at most 0.5 | 0.67 | not met |",
  );
});

test('two libraries that took less than the raw calls are noise, and no ratio', () => {
  expect(markdownOf(roundsOf({ 'raw SDK calls': 4, 'lambda-idempotency': 3, powertools: 2 }))).toContain(
    "| first-run: CPU over the raw commands, of Powertools' | at most 0.5 | below noise | undecided |",
  );
});
