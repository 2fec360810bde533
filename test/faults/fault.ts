import type { ProxiedOperation, StoreOperation } from './store-operation.ts';

interface FaultTraits {
  /** The engine has done its work by the time that the client learns of the fault. */
  readonly applied: boolean;
  /** The client learns of it by waiting for as long as it is willing to. */
  readonly slow: boolean;
  /** What happens on the wire, for docs/evidence/faults.md. */
  readonly what: string;
  /** The places at which it can happen, where it cannot happen at all of them. */
  readonly strikesOnly?: readonly StoreOperation[];
}

/** What can go wrong with one request between the SDK and the engine. */
export const FAULTS = Object.freeze({
  'reply lost': {
    applied: true,
    slow: false,
    what: 'the engine applies the request; then the connection is reset (RST) and nothing of the reply arrives',
  },
  'reply cut off in the middle': {
    applied: true,
    slow: false,
    what: 'the engine applies the request; the connection ends (FIN) after half of the reply',
  },
  'no reply, until the client gives up': {
    applied: true,
    slow: true,
    what: 'the engine applies the request; the connection stays open and silent until the client times out',
  },
  'request lost': {
    applied: false,
    slow: false,
    what: 'the connection is reset (RST) when the request has been sent; the engine never gets it',
  },
  'connection refused': {
    applied: false,
    slow: false,
    what: 'the connection is not accepted (ECONNREFUSED, from a port on which nobody listens)',
  },
  'request stuck, until the client gives up': {
    applied: false,
    slow: true,
    what: 'the request is swallowed; the connection stays open and silent until the client times out',
  },
  ProvisionedThroughputExceededException: {
    applied: false,
    slow: false,
    what: 'the service refuses the request for the capacity of the table (status 400)',
  },
  ThrottlingException: {
    applied: false,
    slow: false,
    what: 'the service refuses the request for its rate (status 400)',
  },
  'conflict with a transaction': {
    applied: false,
    slow: false,
    what: 'the service refuses the request because a transaction is at its item, or, of a transaction, because another one is at one of its items (status 400); the SDK leaves it at that, and the library tries again',
    strikesOnly: ['acquire', 'takeOver', 'complete', 'commit', 'putCompleted', 'release'],
  },
  'status 500': { applied: false, slow: false, what: 'the service answers InternalServerError' },
  'status 503': {
    applied: false,
    slow: false,
    what: 'a load balancer in front of the service answers, with a page that is not even JSON',
  },
  'reply delayed': { applied: true, slow: false, what: 'the reply comes late, but within the time-out' },
  /** Delivered to the engine on `deliverStuckRequests()`: the late ghost of a write. */
  'request stuck, and delivered late': {
    applied: false,
    slow: true,
    what: 'the request is held back until the client has given it up, and reaches the engine then',
  },
} as const satisfies Readonly<Record<string, FaultTraits>>);

export type Fault = keyof typeof FAULTS;

/** Every fault, in the order of the list above. */
export const FAULT_NAMES = Object.keys(FAULTS) as readonly Fault[]; // Its keys are exactly the names of its type.

/** A transaction is in the way of writes to records alone: reads wait for none, and the items of chunks are in none. */
export function canStrike(fault: Fault, place: StoreOperation): boolean {
  const { strikesOnly }: FaultTraits = FAULTS[fault];
  return strikesOnly?.includes(place) ?? true;
}

/** Strikes the requests of one operation from the `from`-th to the `to`-th, counted from 1 when it is planned. */
export interface PlannedFault<F extends string = Fault> {
  readonly fault: F;
  readonly at: ProxiedOperation;
  readonly from: number;
  readonly to: number;
}

export function once<F extends string>(fault: F, at: ProxiedOperation): PlannedFault<F> {
  return { fault, at, from: 1, to: 1 };
}

export function always<F extends string>(fault: F, at: ProxiedOperation): PlannedFault<F> {
  return { fault, at, from: 1, to: Number.POSITIVE_INFINITY };
}
