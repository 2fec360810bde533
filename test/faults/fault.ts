import type { StoreOperation } from './store-operation.ts';

/** What can go wrong with one request between the SDK and the engine. `applied`: the engine has done its work. */
export const FAULTS = Object.freeze({
  'reply lost': { applied: true, slow: false },
  'reply cut off in the middle': { applied: true, slow: false },
  'no reply, until the client gives up': { applied: true, slow: true },
  'request lost': { applied: false, slow: false },
  'request stuck, until the client gives up': { applied: false, slow: true },
  ProvisionedThroughputExceededException: { applied: false, slow: false },
  ThrottlingException: { applied: false, slow: false },
  /** What a single write is told while a transaction is at its item, and a transaction while another one is. */
  'conflict with a transaction': { applied: false, slow: false },
  'status 500': { applied: false, slow: false },
  'status 503': { applied: false, slow: false },
  /** Slower than usual, but in time. */
  'reply delayed': { applied: true, slow: false },
  /** Stuck like the one above, and delivered to the engine on `deliverStuckRequests()`: the late ghost of a write. */
  'request stuck, and delivered late': { applied: false, slow: true },
} as const);

export type Fault = keyof typeof FAULTS;

/** Strikes the requests of one operation from the `from`-th to the `to`-th, counted from 1 when it is planned. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly at: StoreOperation;
  readonly from: number;
  readonly to: number;
}

export function once(fault: Fault, at: StoreOperation): PlannedFault {
  return { fault, at, from: 1, to: 1 };
}

export function always(fault: Fault, at: StoreOperation): PlannedFault {
  return { fault, at, from: 1, to: Number.POSITIVE_INFINITY };
}
