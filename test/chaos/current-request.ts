/** The request that the calling code serves: one process serves several at once. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Note } from './journal.ts';
import type { Pauses } from './plan.ts';

export interface CurrentRequest {
  readonly number: number;
  readonly arrivedAtMs: number;
  /** By the worker's clock; nothing ends the handler then. */
  readonly deadlineMs: number;
  readonly orders: Orders;
  note(what: Note['what'], details?: Partial<Note>): void;
}

/** What a client wants to happen inside the handler. In a header, so that it is no part of the payload. */
export interface Orders {
  readonly request: number;
  readonly pausesMs: Pauses;
  readonly fails: boolean;
}

export const ORDERS_HEADER = 'x-chaos';

const requests = new AsyncLocalStorage<CurrentRequest>();

export function serve<T>(request: CurrentRequest, work: () => Promise<T>): Promise<T> {
  return requests.run(request, work);
}

export function currentRequest(): CurrentRequest {
  const request = requests.getStore();
  if (request === undefined) throw new Error('Only what serves a request may ask for it.');
  return request;
}
