/** Where a key is in its life, from its record as it lies in the table. The states are those of `record.ts`. */

import type { ItemJson } from '../table-view.ts';

export type KeyLife =
  | { readonly state: 'absent' }
  | { readonly state: 'in-progress'; readonly attempt: number; readonly leaseRemainingMs: number }
  /** The lease is over and nobody has said how it ended: the outcome is unknown. */
  | { readonly state: 'lapsed'; readonly attempt: number }
  | { readonly state: 'completed'; readonly attempt: number; readonly expiresAtMs: number };

export function keyLife(item: ItemJson | null | undefined, nowMs: number): KeyLife {
  if (item === null || item === undefined) return { state: 'absent' };
  const expiresAtMs = numberOf(item, 'expiration') * 1000;
  // Past its TTL a record counts as absent, also while the table still has it.
  if (expiresAtMs <= nowMs) return { state: 'absent' };
  const attempt = numberOf(item, 'attempt');
  if (textOf(item, 'status') === 'COMPLETED') return { state: 'completed', attempt, expiresAtMs };
  const leaseRemainingMs = numberOf(item, 'in_progress_expiration') - nowMs;
  return leaseRemainingMs > 0
    ? { state: 'in-progress', attempt, leaseRemainingMs }
    : { state: 'lapsed', attempt };
}

function textOf(item: ItemJson, name: string): string | undefined {
  return (item[name] as { readonly S?: string } | undefined)?.S;
}

function numberOf(item: ItemJson, name: string): number {
  return Number((item[name] as { readonly N?: string } | undefined)?.N);
}
