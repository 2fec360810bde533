import { later, type Sleep } from './sleep.ts';

/** Of a lease. Two renewals may fail, and the third still comes in time. */
const RENEWALS_PER_LEASE = 3;

export interface LeaseTerms {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: Sleep;
  /** By how much two clocks may differ, in milliseconds. */
  readonly clockSkewMs: number;
  /** Epoch milliseconds, as the store has it. */
  readonly endsAtMs: number;
  /** Length of a lease that is renewed, in milliseconds; `undefined` for one that is not. */
  readonly renewedLeaseMs: number | undefined;
  /** Never rejects; tells what it came to by `extend` or `lose`. */
  readonly renew: () => Promise<void>;
  readonly onLost: () => void;
  /** The reason where it was the clock that told. */
  readonly ranOut: () => Error;
}

/**
 * A lease while somebody works under it: renewed every third of its length where it is renewed at all. One that is lost, or
 * that could not be renewed in time, aborts `signal`. Its timers keep no process alive.
 *
 * "In time" is before the end by the margin for clocks: another process whose clock is ahead by that much takes over then.
 */
export class LeaseWatch {
  readonly #terms: LeaseTerms;
  #endsAtMs: number;
  #controller: AbortController | undefined;
  #loss: Error | undefined;
  #cancelRenewal = () => {};
  #cancelExpiry = () => {};
  #isOver = false;

  constructor(terms: LeaseTerms) {
    this.#terms = terms;
    this.#endsAtMs = terms.endsAtMs;
    if (terms.renewedLeaseMs !== undefined) {
      this.#planRenewal(terms.renewedLeaseMs);
      this.#planExpiry();
    }
  }

  get endsAtMs(): number {
    return this.#endsAtMs;
  }

  /** The work has ended: nothing is renewed or lost any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Aborted when the lease is lost, with the reason. Made when somebody asks for it: most work does not. */
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
    if (this.#loss === undefined && !this.#isOver && this.#hasRunOut()) this.lose(this.#terms.ranOut());
    return this.#loss;
  }

  /** Somebody has found that the lease is another one's. */
  lose(reason: Error): void {
    if (this.#loss !== undefined || this.#isOver) return;
    this.#loss = reason;
    this.#stopTimers();
    this.#terms.onLost();
    this.#controller?.abort(reason);
  }

  /** A renewal got through. */
  extend(endsAtMs: number): void {
    this.#endsAtMs = endsAtMs;
    // Stryker disable next-line ConditionalExpression: without it the timer for the earlier end looks, and plans the next
    if (this.#loss === undefined) this.#planExpiry();
  }

  /**
   * The work has ended. A renewal that is still under way is refused by what comes of the record, or is found there by
   * who gives the key back.
   */
  end(): void {
    this.#isOver = true;
    this.#stopTimers();
  }

  #planRenewal(renewedLeaseMs: number): void {
    const renewAndPlan = async () => {
      await this.#terms.renew();
      if (!this.#isOver && this.#loss === undefined) this.#planRenewal(renewedLeaseMs);
    };
    this.#cancelRenewal = later(renewedLeaseMs / RENEWALS_PER_LEASE, renewAndPlan, this.#terms.sleep);
  }

  #planExpiry(): void {
    this.#cancelExpiry();
    const { now, sleep, clockSkewMs } = this.#terms;
    const remainingMs = Math.max(this.#endsAtMs - clockSkewMs - now(), 0);
    const look = () => {
      // Timers may fire a little early, and clocks may be set.
      if (this.loss === undefined) this.#planExpiry();
    };
    this.#cancelExpiry = later(remainingMs, look, sleep);
  }

  #hasRunOut(): boolean {
    const { now, clockSkewMs } = this.#terms;
    return now() >= this.#endsAtMs - clockSkewMs;
  }

  #stopTimers(): void {
    this.#cancelRenewal();
    this.#cancelExpiry();
  }
}
