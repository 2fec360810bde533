import type { Scenario } from '../scenario.ts';
import { DUPLICATES } from './duplicates.ts';
import { LEASES } from './leases.ts';
import { RESULTS } from './results.ts';
import { STORE_FAULTS } from './store-faults.ts';

export interface Group {
  /** Completes the sentence "Scenarios in which ...". */
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

export const GROUPS: readonly Group[] = [
  { title: 'requests are repeated, overlap or come changed', scenarios: DUPLICATES },
  { title: 'attempts end late, in the dark or not at all', scenarios: LEASES },
  { title: 'DynamoDB does not answer, or its answers are lost', scenarios: STORE_FAULTS },
  { title: 'results are large or of an unusual shape', scenarios: RESULTS },
];

export const SCENARIOS: readonly Scenario[] = GROUPS.flatMap(({ scenarios }) => scenarios);
