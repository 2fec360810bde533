import type { Persistence } from '../../faults/expected-outcomes.ts';
import { FAULTS, type Fault } from '../../faults/fault.ts';
import type { StoreOperation } from '../../faults/store-operation.ts';

/** Of the network: the same as in front of DynamoDB. */
const NETWORK_FAULTS = [
  'reply lost',
  'reply cut off in the middle',
  'no reply, until the client gives up',
  'request lost',
  'connection refused',
  'request stuck, until the client gives up',
  'reply delayed',
  'request stuck, and delivered late',
] as const satisfies readonly Fault[];

/** Of the server: what it says while it starts, and after it has become a replica. */
export const REFUSALS = {
  'server loading': '-LOADING Redis is loading the dataset in memory\r\n',
  'server read-only': "-READONLY You can't write against a read only replica.\r\n",
} as const;

export type ValkeyFault = (typeof NETWORK_FAULTS)[number] | keyof typeof REFUSALS;

/** Late deliveries have a suite of their own: what they come to depends on when they come. */
export const ONE_BY_ONE: readonly ValkeyFault[] = [
  ...NETWORK_FAULTS.filter((fault) => fault !== 'request stuck, and delivered late'),
  'server loading',
  'server read-only',
];

/** The places of the protocol that are commands of this store's. Nothing here waits, and so nothing reads. */
export const PLACES = [
  'acquire',
  'takeOver',
  'renew',
  'recordStep',
  'complete',
  'release',
] as const satisfies readonly StoreOperation[];
export type Place = (typeof PLACES)[number];

export function isRefusal(fault: ValkeyFault): fault is keyof typeof REFUSALS {
  return fault in REFUSALS;
}

/** What a fault that strikes every try comes to. */
export function comesToIfLasting(fault: ValkeyFault): Persistence {
  if (isRefusal(fault)) return 'lasting, not applied';
  if (fault === 'reply delayed') return 'overcome by a retry';
  return FAULTS[fault].applied ? 'lasting, applied' : 'lasting, not applied';
}
