import type { Scenario } from '../scenario.ts';
import { DUPLICATES } from './duplicates.ts';
import { LEASES } from './leases.ts';
import { RESULTS } from './results.ts';
import { STORE_FAULTS } from './store-faults.ts';

export const SCENARIOS: readonly Scenario[] = [...DUPLICATES, ...LEASES, ...STORE_FAULTS, ...RESULTS];
