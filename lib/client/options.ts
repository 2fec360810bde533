import type { RetryEvent } from './events.ts';
import type { KeyFormat } from './key-header.ts';
import type { OutboxOptions } from './outbox-options.ts';
import type { HeadersInit } from './try-once.ts';

/** Options of `createIdempotentFetch`. */
export interface IdempotentFetchOptions {
  /**
   * Methods that are guarded, in capitals. Requests of other methods go to `fetch` as they are: `GET`, `PUT` and `DELETE` are
   * idempotent in themselves, and how often to repeat them is another question. @defaultValue ['POST', 'PATCH']
   */
  readonly methods?: readonly string[];
  /** Header that carries the key; what the server's option of this name says. @defaultValue 'Idempotency-Key' */
  readonly keyHeader?: string;
  /**
   * `'bare'` sends `abc`, `'structured'` sends `"abc"` (RFC 9651, as the Idempotency-Key draft asks for). To the server's half
   * of this library both are the same key. @defaultValue 'bare'
   */
  readonly keyFormat?: KeyFormat;
  /** Makes the key of an operation: 1 to 255 characters of printable ASCII. @defaultValue a random UUID */
  readonly newKey?: () => string;
  /**
   * Headers that are asked for anew before each try and win over those of the request: an access token, which may run out
   * between two tries and has no place in an outbox. What it throws or rejects with ends the request.
   */
  readonly headers?: () => HeadersInit | Promise<HeadersInit>;
  /**
   * How long one try may take, in milliseconds. A try that is given up early goes on at the server, and the next one finds
   * it in progress: keep it above what the server takes. @defaultValue 30000 (API Gateway gives up after 29 or 30 s)
   */
  readonly tryTimeoutMs?: number;
  /**
   * How long all tries and pauses may take, in milliseconds. No try starts or goes on later. It has to be shorter than
   * `retentionSeconds`, or it throws: a key must not outlive the server's memory of it. @defaultValue 120000
   */
  readonly deadlineMs?: number;
  /** Most requests that are sent, the first included. @defaultValue 10 (together some 28 s of pauses on average) */
  readonly maxTries?: number;
  /** The first pause is 0 to so many milliseconds long; the bound doubles with each further one.
   * @defaultValue 500 (a pause of 250 on average is hardly noticed; 200 would cost a service that is down a fifth more requests)
   */
  readonly pauseBaseMs?: number;
  /** No pause is longer, in milliseconds, but for what `Retry-After` asks. @defaultValue 10000 */
  readonly pauseMaxMs?: number;
  /** `Retry-After` counts up to so many milliseconds; a longer one is asked again by then. @defaultValue 60000 */
  readonly retryAfterMaxMs?: number;
  /**
   * How long the server keeps its results: what its option of this name says. @defaultValue 86400 (a day, as there)
   */
  readonly retentionSeconds?: number;
  /**
   * Longest body that is held in memory to be sent again, in bytes; a longer one is refused with `BodyNotRepeatableError`.
   * Streams and forms are read once, before the first try. @defaultValue 10485760 (what API Gateway takes)
   */
  readonly requestMaxBytes?: number;
  /**
   * Reads an answer to its end before it is given out, so that one that breaks off in the middle is tried again. Set it to
   * `false` for answers that are streams; such an answer may then break off in your hands. @defaultValue true
   */
  readonly bufferResponse?: boolean;
  /** Told before each pause. What it throws is shown on the console and dropped. */
  readonly onRetry?: (event: RetryEvent) => void;
  /** What sends the requests. @defaultValue the global `fetch`, at the time of each request */
  readonly fetch?: typeof fetch;
  /** For tests: milliseconds since 1970, as `Date.now`. */
  readonly now?: () => number;
  /** For tests: milliseconds that never go back, as `performance.now`. */
  readonly monotonicNow?: () => number;
  /** For tests: 0 to below 1, as `Math.random`. */
  readonly random?: () => number;
  /** For tests: resolves after so many milliseconds, rejects when the signal aborts. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

/** Options of `createIdempotencyClient`. */
export interface IdempotencyClientOptions extends IdempotentFetchOptions {
  /** Where operations are kept until they are settled. @defaultValue in memory, for as long as the page or process lives */
  readonly outbox?: OutboxOptions;
}

/** The defaults, for whoever documents or compares them. `README.md` repeats them, and a test compares. */
export const CLIENT_DEFAULTS = Object.freeze({
  methods: Object.freeze(['POST', 'PATCH']),
  keyHeader: 'Idempotency-Key',
  keyFormat: 'bare',
  tryTimeoutMs: 30_000,
  deadlineMs: 120_000,
  maxTries: 10,
  pauseBaseMs: 500,
  pauseMaxMs: 10_000,
  retryAfterMaxMs: 60_000,
  retentionSeconds: 24 * 60 * 60,
  requestMaxBytes: 10 * 1024 * 1024,
  bufferResponse: true,
} as const);
