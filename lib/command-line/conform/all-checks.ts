import type { Check } from './check.ts';
import { CALLERS } from './checks/callers.ts';
import { CONCURRENCY } from './checks/concurrency.ts';
import { KEY_SYNTAX } from './checks/key-syntax.ts';
import { MISSING_KEY } from './checks/missing-key.ts';
import { REPRESENTATION } from './checks/representation.ts';
import { RETRIES } from './checks/retries.ts';
import { REUSED_KEY } from './checks/reused-key.ts';

/** In the order in which they are played and printed. The first one is what all others presume. */
export const ALL_CHECKS: readonly Check[] = [
  ...RETRIES,
  ...MISSING_KEY,
  ...REUSED_KEY,
  ...CONCURRENCY,
  ...CALLERS,
  ...KEY_SYNTAX,
  ...REPRESENTATION,
];
