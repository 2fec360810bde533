/** What locks tell of themselves. Ids are hashes: no event carries the name of a resource. */
export type LockEvent =
  | {
      readonly type: 'granted';
      readonly id: string;
      readonly fencingToken: number;
      /** Milliseconds from the call to the grant. */
      readonly waitedMs: number;
    }
  /** Nobody got a place: the time was over, or the caller gave up. */
  | { readonly type: 'not-granted'; readonly id: string; readonly waitedMs: number }
  | {
      readonly type: 'renewed';
      readonly id: string;
      readonly fencingToken: number;
      readonly leaseEndsAtMs: number;
    }
  | { readonly type: 'released'; readonly id: string; readonly fencingToken: number }
  | { readonly type: 'lease-lost'; readonly id: string; readonly fencingToken: number }
  /** The store failed where nobody is told by an exception: the work goes on, or is over. */
  | {
      readonly type: 'store-failed';
      readonly id: string;
      readonly during: 'wait' | 'renew' | 'release' | 'leave-queue';
      readonly error: Error;
    };

/** Called in the middle of the work, so let it be short; nobody waits for a promise of its. What it throws is a line on standard error. */
export type LockEventListener = (event: LockEvent) => void;

/** The listener that is used when none is given: a line on standard error where a person should look. */
export function warnOfLockTrouble(event: LockEvent): void {
  if (event.type === 'store-failed') {
    console.warn(
      `lambda-idempotency: the store failed during ${event.during} of ${event.id}: ${event.error.message}`,
    );
  } else if (event.type === 'lease-lost') {
    console.warn(
      `lambda-idempotency: grant ${event.fencingToken} of ${event.id} has lost its lease while its holder is at work.`,
    );
  }
}
