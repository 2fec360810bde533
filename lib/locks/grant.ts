import { errorOf } from '../idempotency/errors.ts';
import { LeaseWatch } from '../idempotency/lease-watch.ts';
import { expirationOf, type LockRequest, leaseEnd } from './acquisition.ts';
import { LeaseLostError } from './errors.ts';
import type { Holder } from './lock-state.ts';
import type { LockSettings } from './options.ts';

/** The right to use a resource for a while. */
export interface Grant {
  /**
   * Grows with every grant of the resource, across releases, expiry, crashes and the deletion of the record. Let the
   * resource compare it (`fencing < :token`): then a holder that was frozen over its lease can do no harm.
   */
  readonly fencingToken: number;
  /** Token of this one acquisition; what the record calls its holder. */
  readonly owner: string;
  /**
   * Epoch milliseconds, by this process's clock, until which the resource is surely ours. Others do not count it as free for
   * another `clockSkewMs`.
   */
  readonly leaseEndsAtMs: number;
  /** Aborted when the lease is lost, with a `LeaseLostError`: hand it to whatever is to stop then. */
  readonly signal: AbortSignal;
  /**
   * Begins the lease anew.
   * @throws LeaseLostError if it is over, or the place another one's
   * @throws StoreError if it cannot be told; the lease then ends when it would have ended, or later
   */
  renew(): Promise<void>;
  /**
   * Gives the place back. Does nothing to others where it was lost, and nothing the second time.
   * @throws StoreError if it cannot be told whether it was given back; the lease then runs out by itself
   */
  release(): Promise<void>;
}

export class HeldGrant implements Grant {
  readonly fencingToken: number;
  readonly owner: string;
  readonly #settings: LockSettings;
  readonly #request: LockRequest;
  readonly #watch: LeaseWatch;
  #isReleased = false;

  /** @param options.renews - by itself, every third of the lease, until it is released */
  constructor(
    settings: LockSettings,
    request: LockRequest,
    { fencingToken, leaseEndsAtMs }: Holder,
    options: { readonly renews: boolean },
  ) {
    const { now, sleep, clockSkewMs, notify } = settings;
    this.#settings = settings;
    this.#request = request;
    this.owner = request.owner;
    this.fencingToken = fencingToken;
    this.#watch = new LeaseWatch({
      now,
      sleep,
      clockSkewMs,
      endsAtMs: leaseEndsAtMs,
      renewedLeaseMs: options.renews ? request.leaseMs : undefined,
      renew: () => this.#renewQuietly(),
      onLost: () => notify({ type: 'lease-lost', id: request.id, fencingToken }),
      ranOut: () => new LeaseLostError(),
    });
  }

  get leaseEndsAtMs(): number {
    return this.#watch.endsAtMs - this.#settings.clockSkewMs;
  }

  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  /** Why the lease is lost, if it is. */
  get loss(): Error | undefined {
    return this.#watch.loss;
  }

  // Both can be taken out of the grant, as its other members can.
  readonly renew = async (): Promise<void> => {
    if (this.#watch.isOver) throw new LeaseLostError();
    this.#throwLoss();
    const { store, notify } = this.#settings;
    const { id, owner, leaseMs } = this.#request;
    const nextMs = leaseEnd(this.#settings, leaseMs);
    const outcome = await store.renew(id, owner, nextMs, expirationOf(nextMs));
    // Where the reply to our own renewal was lost, or clocks were set back, the lease ends as the store has it.
    const endsAtMs = outcome.applied ? nextMs : outcome.current?.holders[owner]?.leaseEndsAtMs;
    if (this.#watch.isOver) return;
    if (endsAtMs === undefined) this.#watch.lose(new LeaseLostError());
    else this.#watch.extend(endsAtMs);
    // The clock may have told meanwhile, and those who were told have stopped.
    this.#throwLoss();
    notify({
      type: 'renewed',
      id,
      fencingToken: this.fencingToken,
      leaseEndsAtMs: this.#watch.endsAtMs,
    });
  };

  readonly release = async (): Promise<void> => {
    this.#watch.end();
    if (this.#isReleased) return;
    const { store, now, notify } = this.#settings;
    const { id, owner } = this.#request;
    await store.release(id, owner, now());
    this.#isReleased = true;
    notify({ type: 'released', id, fencingToken: this.fencingToken });
  };

  /** For whoever has an outcome to give, which a failing release must not hide: the lease runs out by itself. */
  async releaseQuietly(): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      const { id } = this.#request;
      this.#settings.notify({ type: 'store-failed', id, during: 'release', error: errorOf(error) });
    }
  }

  async #renewQuietly(): Promise<void> {
    try {
      await this.renew();
    } catch (error) {
      // What is lost was told by the watch; otherwise the next renewal may get through.
      if (this.#watch.isOver || this.#watch.loss !== undefined) return;
      const { id } = this.#request;
      this.#settings.notify({ type: 'store-failed', id, during: 'renew', error: errorOf(error) });
    }
  }

  #throwLoss(): void {
    const { loss } = this.#watch;
    if (loss !== undefined) throw loss;
  }
}
