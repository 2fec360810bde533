/**
 * The port between the protocol and whatever holds its records.
 *
 * A store needs six conditional writes, each of them atomic for one id, and it reports what it lost to.
 * It decides nothing: leases, takeovers and mismatches are the protocol's business, so that every store
 * behaves alike and one contract suite (test/contract) can hold them all to it. A store on a server with a clock of its own
 * may have a last word: it may refuse `acquire` until the record, and `takeOver` until the lease, is over by that clock as well.
 */

/** `INPROGRESS` is an acquired key, `COMPLETED` a consumed one; the words are those of Powertools for AWS Lambda. */
export type RecordStatus = 'INPROGRESS' | 'COMPLETED';

/** What is known of one idempotency key. Epoch times: seconds for the TTL, milliseconds for the lease. */
export interface IdempotencyRecord {
  /** `namespace#` and the base64url SHA-256 of scope and key; never the raw key. */
  readonly id: string;
  readonly status: RecordStatus;
  /** Epoch seconds. From then on the record counts as absent, whether or not the store has deleted it. */
  readonly expiresAtSeconds: number;
  /**
   * Epoch milliseconds. Until then no other attempt may run; after it the outcome is unknown. 0 on an `INPROGRESS` record
   * that was given back by its owner and kept for the sake of its steps or its number.
   */
  readonly leaseEndsAtMs: number;
  /** Random token of the one attempt that may write this record. */
  readonly owner: string;
  /** 1 for the first attempt, and one more at each takeover: the fencing number. */
  readonly attempt: number;
  /** Fingerprint of the request's payload; empty where the caller gave nothing to compare. */
  readonly fingerprint: string;
  /** The recorded result, on a `COMPLETED` record only. */
  readonly result?: RecordedResult;
  /** Results of recorded steps by name, on an `INPROGRESS` record only; absent where there is none. */
  readonly steps?: RecordedSteps;
}

/** JSON by the name of the step; an empty text stands for `undefined`, which JSON cannot say. */
export type RecordedSteps = Readonly<Record<string, string>>;

/**
 * A recorded result is the JSON text that the Lambda runtime would have sent, or the reason why there is none:
 * `undefined` was returned, or the answer could not be kept (the effect took place all the same).
 */
export type RecordedResult =
  | { readonly kind: 'json'; readonly json: string }
  | { readonly kind: 'undefined' }
  | {
      readonly kind: 'omitted';
      readonly reason: OmissionReason;
      /** JSON of the little that could be kept, such as an HTTP status. */
      readonly remainderJson?: string;
    };

/** `lost` is never recorded: the result was, and a part of it is gone or damaged. */
export type OmissionReason = 'too-large' | 'not-serializable' | 'lost';

export interface InProgressRecord extends IdempotencyRecord {
  readonly status: 'INPROGRESS';
}

/** Names the record and the attempt that claims to own it. */
export interface Ownership {
  readonly id: string;
  readonly owner: string;
}

/** A lease as it was read, so that a write fails if anybody has renewed, settled or taken it since. */
export interface Lease extends Ownership {
  readonly leaseEndsAtMs: number;
}

/** What is recorded when a key is consumed. */
export interface Completion {
  readonly result: RecordedResult;
  readonly expiresAtSeconds: number;
  /** All steps that may have been recorded: for stores that have to name what they drop. */
  readonly stepNames?: readonly string[];
  /**
   * The `remainderJson` of the result, should it be omitted. Made on demand: only a store that keeps a result in
   * several parts asks for it, because it may lose one.
   */
  readonly remainderJson?: () => string | undefined;
}

/** A record that is put as it is completed. */
export interface CompletedRecord extends IdempotencyRecord, Completion {
  readonly status: 'COMPLETED';
  readonly result: RecordedResult;
}

/**
 * The outcome of a conditional write. A refused write carries the record as it stands, read consistently at or
 * after the refusal; `undefined` when there is none. (It may be our own: a retried request whose first reply was
 * lost is refused by the very write that it repeats. Telling the two apart is the protocol's task.)
 */
export type WriteOutcome =
  | { readonly applied: true }
  | { readonly applied: false; readonly current: IdempotencyRecord | undefined };

/** The outcome of a takeover: the record as it stands then, with the steps that were recorded up to that moment. */
export type TakeOverOutcome =
  | { readonly applied: true; readonly record: InProgressRecord }
  | Extract<WriteOutcome, { applied: false }>;

/** What a store can promise, where that is less than all. What follows from it is decided at cold start. */
export interface StorePromises {
  /**
   * Writes are conditional on the owner, in one with the write. Without it an attempt that has lost its lease may yet
   * write, if it loses it between a look at the record and the write.
   */
  readonly ownerConditional: boolean;
  /** `takeOver` can succeed. Without it a lapsed lease holds its key until the record expires. */
  readonly takesOver: boolean;
  readonly renews: boolean;
  readonly recordsSteps: boolean;
}

/**
 * Implementations throw {@link StoreError} when they cannot tell whether the write took place, or cannot reach
 * the table, and {@link ResultTooLargeError} when `complete` or `recordStep` could not keep what it is given for its
 * size; the record is then as it was. A reader gets a result whole, or omitted, and never a part of it.
 */
export interface IdempotencyStore {
  /** Largest `json` result, in UTF-8 bytes, that the store can keep; how it encodes it is its own business. */
  readonly maxResultBytes: number;

  /** Absent where everything is kept that the methods below say. */
  readonly promises?: StorePromises;

  /** Puts `record` if there is none with its id, or only one whose `expiresAtSeconds` lies before `nowSeconds`. */
  acquire(record: InProgressRecord, nowSeconds: number): Promise<WriteOutcome>;

  /**
   * Replaces the record by `record` if it is still `INPROGRESS` under exactly the lease that `lapsed` names. Recorded steps
   * stay, those included that are recorded between the reading of `lapsed` and this write.
   */
  takeOver(record: InProgressRecord, lapsed: Lease): Promise<TakeOverOutcome>;

  /**
   * Moves the end of the lease if the record is `INPROGRESS` under exactly `lease`: a renewal that arrives late must not
   * revive a lease that was given back or renewed since. 0 gives the key back and keeps its steps.
   */
  renew(lease: Lease, nextLeaseEndsAtMs: number): Promise<WriteOutcome>;

  /** Adds a step's result, or replaces it, if the record is `INPROGRESS` and owned by `ownership.owner`. */
  recordStep(ownership: Ownership, name: string, json: string): Promise<WriteOutcome>;

  /** Turns the record to `COMPLETED`, without its steps, if it is `INPROGRESS` and owned by `ownership.owner`. */
  complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome>;

  /** Deletes the record if it is `INPROGRESS` and owned by `ownership.owner`. */
  release(ownership: Ownership): Promise<WriteOutcome>;

  /** The record as it stands, read consistently; expired ones included. */
  read(id: string): Promise<IdempotencyRecord | undefined>;
}
