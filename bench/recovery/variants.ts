import type { JobSettings } from './guarded-job.ts';

/** What is compared: who holds the key, and for how long unless it is renewed. */
export type Variant = Pick<JobSettings, 'library' | 'renewedLeaseMs'>;

/** @param renewedMs - lengths of renewed leases, in milliseconds */
export function variantsWith(renewedMs: readonly number[]): readonly Variant[] {
  return [
    { library: 'powertools' },
    { library: 'lambda-idempotency' },
    ...renewedMs.map((renewedLeaseMs) => ({ library: 'lambda-idempotency', renewedLeaseMs }) as const),
  ];
}

export function nameOf({ library, renewedLeaseMs }: Variant): string {
  const lease = renewedLeaseMs === undefined ? 'as the invocation' : `renewed, ${renewedLeaseMs / 1000} s`;
  return `${library}, ${lease}`;
}
