import { copyOf, deliveryOf } from './delivery.ts';
import { guardedFetch } from './idempotent-fetch.ts';
import { type Operation, OperationSender } from './operation.ts';
import type { IdempotencyClientOptions } from './options.ts';
import { openOutbox, type UnsettledEntry } from './outbox.ts';
import { resolveClientOptions } from './resolved-options.ts';

export interface IdempotencyClient {
  /** As `createIdempotentFetch`: each call is an operation of its own, and nothing of it is kept. */
  readonly fetch: typeof fetch;
  /**
   * The operation of this name: a new one, or the one that is not settled yet. `name` says what is done to what, such as
   * `checkout:${cartId}`; the further arguments are those of `fetch`. Nothing is sent before `send`.
   */
  operation(name: string, ...request: Parameters<typeof fetch>): Operation;
  /**
   * Sends what earlier pages or processes have left unsettled, with the keys that it had: call it at start-up, and when the
   * network is back. Never rejects for one operation; how each ended is in the list, oldest first.
   * @throws OutboxUnavailableError where the outbox cannot be read
   */
  resume(): Promise<readonly Resumed[]>;
  /** What is not settled, oldest first. */
  pending(): Promise<readonly PendingOperation[]>;
  /** Gives up the unsettled operation of this name. Its next one is a new one, with a new key. */
  forget(name: string): Promise<void>;
}

export interface PendingOperation {
  readonly name: string;
  readonly createdAtMs: number;
  /** Too old to be sent again; see `OperationExpiredError`. */
  readonly expired: boolean;
}

/** How an operation fared that was resumed. */
export type Resumed =
  | { readonly kind: 'settled'; readonly name: string; readonly response: Response }
  /** Answered, but not finally: it stays in the outbox. */
  | { readonly kind: 'unsettled'; readonly name: string; readonly response: Response }
  /** `NoAnswerError`, for example: it stays in the outbox. */
  | { readonly kind: 'failed'; readonly name: string; readonly error: unknown }
  /** Another tab or process has settled it meanwhile. */
  | { readonly kind: 'settled-elsewhere'; readonly name: string }
  /** Too old to be sent; it stays until `forget`, for somebody to find out what became of it. */
  | { readonly kind: 'expired'; readonly name: string; readonly createdAtMs: number };

/** Operations that are sent at a time: enough that one which waits holds up no other, too few for a rush. */
const RESUMED_AT_A_TIME = 4;

/**
 * A client whose operations keep their keys until they are settled, in memory or in an `outbox` that outlives the page or
 * process.
 * @throws ClientConfigurationError for wrong options
 */
export function createIdempotencyClient(options: IdempotencyClientOptions = {}): IdempotencyClient {
  const { outbox: outboxOptions, ...fetchOptions } = options;
  const resolved = resolveClientOptions(fetchOptions, []);
  const outbox = openOutbox(outboxOptions, resolved);
  const sender = new OperationSender(resolved, outbox);

  async function resumeOne({ entry, expired, ...place }: UnsettledEntry): Promise<Resumed> {
    const { name, createdAtMs } = entry;
    if (expired) return { kind: 'expired', name, createdAtMs };
    try {
      const response = await sender.resume({ entry, ...place });
      if (response === undefined) return { kind: 'settled-elsewhere', name };
      return {
        kind: deliveryOf(response)?.settled ? 'settled' : 'unsettled',
        name,
        response: copyOf(response),
      };
    } catch (error) {
      return { kind: 'failed', name, error };
    }
  }

  return {
    fetch: guardedFetch(resolved),
    operation: (name, ...request) => sender.operation(name, ...request),
    resume: async () => atMost(RESUMED_AT_A_TIME, await outbox.unsettled(), resumeOne),
    pending: async () =>
      (await outbox.unsettled()).map(({ entry: { name, createdAtMs }, expired }) => ({
        name,
        createdAtMs,
        expired,
      })),
    forget: (name) => outbox.forget(name),
  };
}

/** `work` for each of `items`, so many at a time; results in the order of the items. */
async function atMost<T, R>(limit: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const runners = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  });
  await Promise.all(runners);
  return results;
}
