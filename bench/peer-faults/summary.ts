/** The whole run in one table: how many scenarios each contender came through, and how many showed which fault. */
import { CONTENDERS } from './contenders.ts';
import { FAULTS, type Fault } from './faults.ts';
import { GROUPS } from './scenarios/all.ts';
import type { ScenarioResult, Trial } from './trial.ts';

export function summaryRows(results: readonly ScenarioResult[]): string[][] {
  const ofGroups = GROUPS.flatMap(({ title, scenarios }) => {
    const played = results.filter(({ scenario }) => scenarios.includes(scenario));
    return played.length === 0 ? [] : [withoutFault(`... where ${title}`, played)];
  });
  // Its keys are the faults.
  const ofFaults = (Object.keys(FAULTS) as Fault[]).map((fault) => [
    `scenarios with: ${fault}`,
    ...counts(results, ({ faults }) => faults.includes(fault)).map(String),
  ]);
  return [
    ['', ...CONTENDERS.map(({ name, library }) => `\`${name}\` (${library})`)],
    withoutFault('**scenarios without a fault**', results),
    ...ofGroups,
    ...ofFaults.filter(([, ...cells]) => cells.some((cell) => cell !== '0')),
  ];
}

function withoutFault(name: string, results: readonly ScenarioResult[]): string[] {
  return [
    name,
    ...counts(results, ({ faults }) => faults.length === 0).map((count) => `${count} of ${results.length}`),
  ];
}

function counts(results: readonly ScenarioResult[], holds: (trial: Trial) => boolean): number[] {
  return CONTENDERS.map(
    (_, column) =>
      results.filter(({ trials }) => {
        const trial = trials[column];
        return trial !== undefined && holds(trial);
      }).length,
  );
}
