import { StoreError, SupersededError, storeErrorOf } from './errors.ts';
import type { IdempotencyEventListener } from './events.ts';
import { LeaseWatch } from './lease-watch.ts';
import { type Attempt, type ProtocolSettings, renew } from './protocol.ts';
import type { Sleep } from './sleep.ts';

export interface LeaseSettings extends ProtocolSettings {
  /** Length of a renewed lease, in milliseconds; `undefined` where the lease lasts as long as the invocation. */
  readonly renewedLeaseMs: number | undefined;
  readonly sleep: Sleep;
  readonly notify: IdempotencyEventListener;
}

/** The end of a first or renewed lease. Never beyond the deadline, which no attempt outlives, and the clocks' margin. */
export function leaseEnd(
  { now, renewedLeaseMs, clockSkewMs }: Pick<LeaseSettings, 'now' | 'renewedLeaseMs' | 'clockSkewMs'>,
  deadlineMs: number,
): number {
  const endMs = renewedLeaseMs === undefined ? deadlineMs : Math.min(now() + renewedLeaseMs, deadlineMs);
  return Math.ceil(endMs) + clockSkewMs;
}

/**
 * The lease of one attempt while its handler runs. One that is shorter than the invocation is renewed (lease-watch.ts);
 * one that is lost, or that could not be renewed in time, aborts `signal`.
 */
export class HeldLease {
  readonly #settings: LeaseSettings;
  readonly #attempt: Attempt;
  readonly #deadlineMs: number;
  readonly #named: { readonly id: string; readonly attempt: number };
  readonly #watch: LeaseWatch;

  constructor(settings: LeaseSettings, attempt: Attempt, deadlineMs: number) {
    this.#settings = settings;
    this.#attempt = attempt;
    this.#deadlineMs = deadlineMs;
    this.#named = { id: attempt.id, attempt: attempt.attempt };
    const { now, sleep, clockSkewMs, renewedLeaseMs, notify } = settings;
    this.#watch = new LeaseWatch({
      now,
      sleep,
      clockSkewMs,
      endsAtMs: attempt.leaseEndsAtMs,
      renewedLeaseMs,
      renew: () => this.#renew(),
      onLost: () => notify({ type: 'lease-lost', ...this.#named }),
      ranOut,
    });
  }

  get endsAtMs(): number {
    return this.#watch.endsAtMs;
  }

  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  get loss(): Error | undefined {
    return this.#watch.loss;
  }

  lose(reason: Error): void {
    this.#watch.lose(reason);
  }

  end(): void {
    this.#watch.end();
  }

  async #renew(): Promise<void> {
    const watch = this.#watch;
    const nextMs = leaseEnd(this.#settings, this.#deadlineMs);
    if (nextMs <= watch.endsAtMs) return;
    try {
      const held = { ...this.#attempt, leaseEndsAtMs: watch.endsAtMs };
      const renewal = await renew(this.#settings, held, nextMs);
      if (watch.isOver) return;
      if (renewal.kind === 'lost') {
        const retryAfterMs = Math.max((renewal.current?.leaseEndsAtMs ?? 0) - this.#settings.now(), 0);
        watch.lose(new SupersededError(retryAfterMs));
      } else if (renewal.kind === 'renewed') {
        watch.extend(renewal.leaseEndsAtMs);
        this.#settings.notify({ type: 'renewed', ...this.#named, leaseEndsAtMs: watch.endsAtMs });
      }
    } catch (error) {
      if (watch.isOver) return;
      // Not lost yet: the next renewal may get through, and finds out about this one.
      const failure = error instanceof Error ? error : storeErrorOf(error);
      this.#settings.notify({ type: 'store-failed', id: this.#named.id, during: 'renew', error: failure });
    }
  }
}

function ranOut(): Error {
  return new StoreError('The lease ended before the handler did: it was not renewed in time.');
}
