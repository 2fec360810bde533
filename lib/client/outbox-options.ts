import type { OutboxStorage } from './outbox-storage.ts';

/** Where operations are kept until they are settled, how many and for how long. */
export interface OutboxOptions {
  /**
   * Where operations lie until they are settled: `indexedDbStorage()`, `webStorage(localStorage)`, `fileStorage(folder)` of
   * `lambda-idempotency/client/node`, or anything with its three calls.
   */
  readonly storage: OutboxStorage;
  /**
   * Whose operations these are, the id of the user who is signed in, for example: those of another scope are neither seen nor
   * sent, and so never with the wrong user's credentials. @defaultValue '' (one for all)
   */
  readonly scope?: string;
  /** Most unsettled operations that are kept. One more throws `OutboxFullError`, and nothing is sent. @defaultValue 100 */
  readonly maxEntries?: number;
  /**
   * Age at which an operation is no longer sent, in seconds. With `deadlineMs` on top it has to fit into `retentionSeconds`, or
   * it throws. @defaultValue 43200 (half a day: half of the server's retention, for clocks that are wrong)
   */
  readonly maxAgeSeconds?: number;
  /**
   * Names of the headers that are kept with an operation. Name none that carries a secret: those belong into the option
   * `headers`. @defaultValue ['Accept', 'Accept-Language', 'Content-Language', 'Content-Type']
   */
  readonly keepHeaders?: readonly string[];
  /**
   * Where there are no Web Locks: how long an operation of a process that died keeps others from sending it, in
   * milliseconds. @defaultValue 10000
   */
  readonly leaseMs?: number;
}

/** The defaults, for whoever documents or compares them. */
export const OUTBOX_DEFAULTS = Object.freeze({
  scope: '',
  maxEntries: 100,
  maxAgeSeconds: 12 * 60 * 60,
  keepHeaders: Object.freeze(['Accept', 'Accept-Language', 'Content-Language', 'Content-Type']),
  leaseMs: 10_000,
} as const);
