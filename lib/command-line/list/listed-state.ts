/** Those of table/described-item.ts, which the help should not load the SDK for. */
export const LISTED_STATES = [
  'uncertain',
  'in-progress',
  'suspended',
  'completed',
  'expired',
  'all',
] as const;
export type ListedState = (typeof LISTED_STATES)[number];
