import { acquirePlace, type LockRequest, tryOnce } from './acquisition.ts';
import { LockNotAcquiredError } from './errors.ts';
import { type Grant, HeldGrant } from './grant.ts';
import { type LockSettings, resolveWaitOptions, type WaitOptions } from './options.ts';

/** A mutex or a semaphore: who may use a resource, and how many at a time. */
export interface Lock {
  /** Id of its record in the table. */
  readonly id: string;
  readonly permits: number;
  /**
   * Waits for a place, in the order of arrival. The grant is not renewed by itself: call `renew()`, or use {@link use}.
   * @throws LockNotAcquiredError when `waitMs` is over: at most a quarter of a second later, but the first try has 2.5 s
   * @throws PermitsMismatchError if others hold it with another number of permits
   * @throws StoreError if the store cannot be reached; nothing is held then, or until the lease is over
   */
  acquire(options?: WaitOptions): Promise<Grant>;
  /** A place, or `undefined` where none is free or others are in line for it. Throws as {@link acquire}, but never waits. */
  tryAcquire(): Promise<Grant | undefined>;
  /**
   * Waits for a place, runs `work` under it, and gives it back. The lease is renewed meanwhile; when it is lost,
   * `grant.signal` aborts, and what `work` returns after that is not trusted: it rejects with `LeaseLostError`.
   *
   * What `work` throws is thrown, whatever else fails. A release that fails does not: the lease runs out by itself.
   */
  use<T>(work: (grant: Grant) => T | Promise<T>, options?: WaitOptions): Promise<T>;
}

export function createLock(
  settings: LockSettings,
  { id, permits, leaseMs }: Omit<LockRequest, 'owner'>,
): Lock {
  const { now, notify, newOwner } = settings;

  async function grantAfterWait(
    options: WaitOptions,
    { renews }: { readonly renews: boolean },
  ): Promise<HeldGrant> {
    const patience = resolveWaitOptions(options);
    const request = { id, owner: newOwner(), permits, leaseMs };
    const startedMs = now();
    try {
      const holder = await acquirePlace(settings, request, patience);
      const grant = new HeldGrant(settings, request, holder, { renews });
      const { fencingToken } = grant;
      notify({ type: 'granted', id, fencingToken, waitedMs: now() - startedMs });
      return grant;
    } catch (error) {
      if (error instanceof LockNotAcquiredError || patience.signal?.aborted) {
        notify({ type: 'not-granted', id, waitedMs: now() - startedMs });
      }
      throw error;
    }
  }

  return {
    id,
    permits,
    acquire: (options = {}) => grantAfterWait(options, { renews: false }),

    async tryAcquire() {
      const request = { id, owner: newOwner(), permits, leaseMs };
      const attempted = await tryOnce(settings, request);
      if (attempted.kind === 'busy') {
        notify({ type: 'not-granted', id, waitedMs: 0 });
        return undefined;
      }
      const grant = new HeldGrant(settings, request, attempted.holder, { renews: false });
      notify({ type: 'granted', id, fencingToken: grant.fencingToken, waitedMs: 0 });
      return grant;
    },

    async use(work, options = {}) {
      const grant = await grantAfterWait(options, { renews: true });
      let loss: Error | undefined;
      try {
        const result = await work(grant);
        loss = grant.loss;
        if (loss === undefined) return result;
      } finally {
        await grant.releaseQuietly();
      }
      throw loss;
    },
  };
}
