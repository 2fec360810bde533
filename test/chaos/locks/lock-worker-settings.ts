/** What the driver tells a worker. */
export interface LockWorkerSettings {
  readonly name: string;
  readonly endpoint: string;
  readonly locksTable: string;
  readonly counterTable: string;
  readonly leaseMs: number;
  readonly clockSkewMs: number;
  readonly permits: number;
  readonly mutant: LockChaosMutant | undefined;
}

export const LOCK_CHAOS_MUTANTS = ['unfenced', 'no-lock'] as const;
export type LockChaosMutant = (typeof LOCK_CHAOS_MUTANTS)[number];
