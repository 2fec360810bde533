import type { LockState } from './lock-state.ts';

/** Takes a place. One write; see rule 1 in lock-state.ts. */
export interface Taking {
  readonly id: string;
  readonly owner: string;
  readonly permits: number;
  readonly fencingToken: number;
  /** Epoch milliseconds. */
  readonly leaseEndsAtMs: number;
  /** Epoch seconds. */
  readonly expiresAtSeconds: number;
  /** What the decision rests on; `undefined`: that there is no record. */
  readonly seen:
    | {
        readonly fencingToken: number;
        /** Holders that are taken over, each with the end of its lease as it was seen. */
        readonly lapsed: readonly (readonly [owner: string, leaseEndsAtMs: number])[];
        /** Tickets that are passed over. */
        readonly passed: readonly string[];
      }
    | undefined;
}

/** What became of a conditional write. */
export type LockWrite =
  | { readonly applied: true }
  /** `current`: what stood in the way; `undefined` if there is no record. */
  | { readonly applied: false; readonly current: LockState | undefined };

/**
 * Where locks are kept. Every method is one atomic request, and each write has one condition. A store decides nothing, and
 * compares with no clock. All throw `StoreError` if it cannot be told what became of the request.
 */
export interface LockStore {
  /** As of now: never an earlier state. */
  read(id: string): Promise<LockState | undefined>;
  /**
   * Adds the holder, removes the lapsed holders, the passed tickets and the owner's own, and sets the fencing number and
   * the permits: if the record is as it was seen, in what `seen` names. Never moves `expiresAtSeconds` back where it is told
   * not to: the caller gives the later one.
   */
  take(taking: Taking): Promise<LockWrite>;
  /** Gives the owner the next ticket, if there is a record, the owner has none, and there are fewer than `queueMax`. */
  enqueue(id: string, owner: string, queueMax: number): Promise<LockWrite & { readonly state?: LockState }>;
  /** Removes the owner's ticket, if it has one. */
  leaveQueue(id: string, owner: string): Promise<LockWrite>;
  /** Moves the end of the lease, if the owner is a holder whose lease ends before that: never back. */
  renew(id: string, owner: string, leaseEndsAtMs: number, expiresAtSeconds: number): Promise<LockWrite>;
  /** Removes the owner from the holders, and its ticket if it has one, if it is a holder; then sets `freedAtMs`. */
  release(id: string, owner: string, freedAtMs: number): Promise<LockWrite>;
}
