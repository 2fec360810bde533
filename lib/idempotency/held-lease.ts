import { StoreError, SupersededError, storeErrorOf } from './errors.ts';
import type { IdempotencyEventListener } from './events.ts';
import { type Attempt, type ProtocolSettings, renew } from './protocol.ts';
import { later, type Sleep } from './sleep.ts';

export interface LeaseSettings extends ProtocolSettings {
  /** Length of a renewed lease, in milliseconds; `undefined` where the lease lasts as long as the invocation. */
  readonly renewedLeaseMs: number | undefined;
  readonly sleep: Sleep;
  readonly notify: IdempotencyEventListener;
}

/** Of a lease. Two renewals may fail, and the third still comes in time. */
const RENEWALS_PER_LEASE = 3;

/** The end of a first or renewed lease. Never beyond the deadline, which no attempt outlives, and the clocks' margin. */
export function leaseEnd(
  { now, renewedLeaseMs, clockSkewMs }: Pick<LeaseSettings, 'now' | 'renewedLeaseMs' | 'clockSkewMs'>,
  deadlineMs: number,
): number {
  const endMs = renewedLeaseMs === undefined ? deadlineMs : Math.min(now() + renewedLeaseMs, deadlineMs);
  return Math.ceil(endMs) + clockSkewMs;
}

/**
 * The lease of one attempt while its handler runs. A lease that is shorter than the invocation is renewed every third of
 * its length; one that is lost, or that could not be renewed in time, aborts `signal`.
 *
 * "In time" is before the end by the margin for clocks: another sandbox whose clock is ahead by that much takes over then.
 */
export class HeldLease {
  readonly #settings: LeaseSettings;
  readonly #attempt: Attempt;
  readonly #deadlineMs: number;
  readonly #named: { readonly id: string; readonly attempt: number };
  #endsAtMs: number;
  #controller: AbortController | undefined;
  #loss: Error | undefined;
  #cancelRenewal = () => {};
  #cancelExpiry = () => {};
  #isOver = false;

  constructor(settings: LeaseSettings, attempt: Attempt, deadlineMs: number) {
    this.#settings = settings;
    this.#attempt = attempt;
    this.#deadlineMs = deadlineMs;
    this.#named = { id: attempt.id, attempt: attempt.attempt };
    this.#endsAtMs = attempt.leaseEndsAtMs;
    if (settings.renewedLeaseMs !== undefined) {
      this.#planRenewal(settings.renewedLeaseMs);
      this.#planExpiry();
    }
  }

  get endsAtMs(): number {
    return this.#endsAtMs;
  }

  /** Aborted when the lease is lost, with the reason. Made when somebody asks for it: most handlers do not. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#loss !== undefined) this.#controller.abort(this.#loss);
      else if (!this.#isOver) this.#planExpiry();
    }
    return this.#controller.signal;
  }

  /** Why the lease is lost, if it is: told by a renewal, or by the clock. */
  get loss(): Error | undefined {
    // Stryker disable next-line ConditionalExpression,LogicalOperator: lose() itself does nothing for a lease that is lost or over
    if (this.#loss === undefined && !this.#isOver && this.#hasRunOut()) this.lose(ranOut());
    return this.#loss;
  }

  /** Somebody has found that the lease is another one's. */
  lose(reason: Error): void {
    if (this.#loss !== undefined || this.#isOver) return;
    this.#loss = reason;
    this.#stopTimers();
    this.#settings.notify({ type: 'lease-lost', ...this.#named });
    this.#controller?.abort(reason);
  }

  /**
   * The attempt has ended. A renewal that is still under way is refused by what comes of the record, or is found there by
   * who gives the key back.
   */
  end(): void {
    this.#isOver = true;
    this.#stopTimers();
  }

  #planRenewal(renewedLeaseMs: number): void {
    const renewAndPlan = async () => {
      await this.#renew();
      if (!this.#isOver && this.#loss === undefined) this.#planRenewal(renewedLeaseMs);
    };
    this.#cancelRenewal = later(renewedLeaseMs / RENEWALS_PER_LEASE, renewAndPlan, this.#settings.sleep);
  }

  async #renew(): Promise<void> {
    const nextMs = leaseEnd(this.#settings, this.#deadlineMs);
    if (nextMs <= this.#endsAtMs) return;
    try {
      const held = { ...this.#attempt, leaseEndsAtMs: this.#endsAtMs };
      const renewal = await renew(this.#settings, held, nextMs);
      if (this.#isOver) return;
      if (renewal.kind === 'lost') {
        const retryAfterMs = Math.max((renewal.current?.leaseEndsAtMs ?? 0) - this.#settings.now(), 0);
        this.lose(new SupersededError(retryAfterMs));
      } else if (renewal.kind === 'renewed') {
        this.#endsAtMs = renewal.leaseEndsAtMs;
        // Stryker disable next-line ConditionalExpression: without it the timer for the earlier end looks, and plans the next
        if (this.#loss === undefined) this.#planExpiry();
        this.#settings.notify({ type: 'renewed', ...this.#named, leaseEndsAtMs: this.#endsAtMs });
      }
    } catch (error) {
      if (this.#isOver) return;
      // Not lost yet: the next renewal may get through, and finds out about this one.
      const failure = error instanceof Error ? error : storeErrorOf(error);
      this.#settings.notify({ type: 'store-failed', id: this.#named.id, during: 'renew', error: failure });
    }
  }

  #planExpiry(): void {
    this.#cancelExpiry();
    const { now, sleep, clockSkewMs } = this.#settings;
    const remainingMs = Math.max(this.#endsAtMs - clockSkewMs - now(), 0);
    const look = () => {
      // Timers may fire a little early, and clocks may be set.
      if (this.loss === undefined) this.#planExpiry();
    };
    this.#cancelExpiry = later(remainingMs, look, sleep);
  }

  #hasRunOut(): boolean {
    const { now, clockSkewMs } = this.#settings;
    return now() >= this.#endsAtMs - clockSkewMs;
  }

  #stopTimers(): void {
    this.#cancelRenewal();
    this.#cancelExpiry();
  }
}

function ranOut(): Error {
  return new StoreError('The lease ended before the handler did: it was not renewed in time.');
}
