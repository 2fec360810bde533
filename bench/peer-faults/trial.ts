import { CONTENDERS, type Contender } from './contenders.ts';
import { type Fault, faultsOf } from './faults.ts';
import { Lab, type Step } from './lab.ts';
import type { Scenario } from './scenario.ts';

/** One scenario, played with one contender. */
export interface Trial {
  readonly contender: Contender;
  readonly runs: number;
  readonly faults: readonly Fault[];
  readonly steps: readonly Step[];
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  /** In the order of `CONTENDERS`. */
  readonly trials: readonly Trial[];
}

export async function tryScenario(scenario: Scenario, endpoint: string): Promise<ScenarioResult> {
  const trials: Trial[] = [];
  for (const contender of CONTENDERS) {
    const lab = await Lab.open(contender, endpoint, scenario.setup ?? {});
    try {
      await scenario.play(lab);
      const { runs, steps } = lab;
      trials.push({ contender, runs, steps, faults: faultsOf(lab, scenario.runsAllowed) });
    } finally {
      lab.close();
    }
  }
  return { scenario, trials };
}
