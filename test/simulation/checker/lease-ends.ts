import type { IdempotencyRecord } from '../../../lib/index.ts';
import type { Sender } from '../invocation.ts';

/** Ends of leases as the table has or had them, by owner. */
export class LeaseEnds {
  readonly #endsMs = new Map<string, number>();
  readonly #freeFromMs = new Map<string, number>();

  note({ owner, leaseEndsAtMs }: IdempotencyRecord, freeFromMs: number): void {
    this.#endsMs.set(owner, leaseEndsAtMs);
    this.#freeFromMs.set(owner, freeFromMs);
  }

  /** The last that `sender` had, by the clock of whoever looks; 0 where it had none. */
  endMsOf({ owners }: Sender): number {
    return latestOf(owners, this.#endsMs);
  }

  /** From when on anybody may take over what `sender` had, by the true clock; 0 where it had none. */
  freeFromMsOf({ owners }: Sender): number {
    return latestOf(owners, this.#freeFromMs);
  }

  /** From when on anybody may take over the lease of `owner`, by the true clock; 0 where there is none. */
  freeFromMs(owner: string | undefined): number {
    return this.#freeFromMs.get(owner ?? '') ?? 0;
  }
}

function latestOf(owners: ReadonlySet<string>, byOwner: ReadonlyMap<string, number>): number {
  return Math.max(0, ...[...owners].map((owner) => byOwner.get(owner) ?? 0));
}
