import { ownKey } from './key-header.ts';
import type { IdempotentFetchOptions } from './options.ts';
import { methodOf, repeatableRequest, signalOf } from './repeatable-request.ts';
import { type ResolvedClientOptions, resolveClientOptions } from './resolved-options.ts';
import { sendUntilAnswered } from './send-until-answered.ts';
import { startStopwatch } from './stopwatch.ts';

/**
 * A `fetch` for requests that must take effect once. Each call of a guarded method is one operation: it gets one key, and is
 * sent until there is a final answer, or tries or time run out. Like `fetch`, it resolves to whatever was answered, errors
 * included; `deliveryOf(response)` tells the key, the tries, and whether the answer is a replay.
 *
 * A request that brings a key of its own keeps it. A call made again is a new operation with a new key: what has to
 * outlive a call, a reload or a crash is an `operation` of `createIdempotencyClient`.
 *
 * @throws ClientConfigurationError for wrong options, at once
 *
 * The function rejects with
 * - NoAnswerError where no try had an answer: whether the operation took effect is unknown;
 * - BodyNotRepeatableError for a body that is too long to be held;
 * - the reason of the request's `signal` once that aborts, also where the operation has taken effect;
 * - what `fetch` throws for a request that makes no sense.
 */
export function createIdempotentFetch(options: IdempotentFetchOptions = {}): typeof fetch {
  return guardedFetch(resolveClientOptions(options));
}

export function guardedFetch(resolved: ResolvedClientOptions): typeof fetch {
  return async function idempotentFetch(input, init) {
    if (!resolved.methods.includes(methodOf(input, init))) return resolved.fetch(input, init);
    const elapsedMs = startStopwatch(resolved);
    const signal = signalOf(input, init);
    const request = await repeatableRequest(input, init, resolved.requestMaxBytes);
    const key = ownKey(request.headers, resolved.keyHeader) ?? resolved.newKey();
    return sendUntilAnswered(
      { request, key, operation: undefined, resumed: false, signal, elapsedMs },
      resolved,
    );
  };
}
