import { type Delivery, withDelivery } from './delivery.ts';
import { NoAnswerError } from './errors.ts';
import type { RetryEvent } from './events.ts';
import { keyHeaderValue } from './key-header.ts';
import type { RepeatableRequest } from './repeatable-request.ts';
import type { ResolvedClientOptions } from './resolved-options.ts';
import { isReplayed, isSettled, pauseBeforeNextTry, reasonToRetry, type TryOutcome } from './retry-policy.ts';
import type { Stopwatch } from './stopwatch.ts';
import { tryOnce } from './try-once.ts';

/** One operation on its way: what is sent, under which key, and since when. */
export interface Sending {
  readonly request: RepeatableRequest;
  readonly key: string;
  readonly operation: string | undefined;
  /** It was sent before, by a page or process that is gone. */
  readonly resumed: boolean;
  readonly signal: AbortSignal | undefined;
  readonly elapsedMs: Stopwatch;
}

/**
 * try → final? then it is the answer → worth another one, in time? then pause and try again → else the last answer, or the
 * word that there is none.
 *
 * @throws NoAnswerError where the last try had no answer; the reason of the caller's signal when that aborts
 */
export async function sendUntilAnswered(sending: Sending, options: ResolvedClientOptions): Promise<Response> {
  const { request, key, signal, elapsedMs } = sending;
  const keyHeader = [options.keyHeader, keyHeaderValue(key, options.keyFormat)] as const;
  for (let turn = 0; ; turn++) {
    const timeoutMs = Math.min(options.tryTimeoutMs, Math.max(0, options.deadlineMs - elapsedMs()));
    const outcome = await tryOnce(request, keyHeader, { timeoutMs, signal }, options);
    const reason = reasonToRetry(outcome);
    const tries = turn + 1;
    if (reason === undefined) return end(outcome, sending, tries);

    const pauseMs = pauseBeforeNextTry(outcome, turn, options, {
      random: options.random,
      nowMs: options.now(),
    });
    // Nobody is kept waiting for a try that would come too late.
    if (tries >= options.maxTries || elapsedMs() + pauseMs >= options.deadlineMs) {
      return end(outcome, sending, tries);
    }
    options.notify(retryEvent(outcome, { reason, tries, pauseMs, operation: sending.operation }));
    await options.sleep(pauseMs, signal);
    // A machine that slept through the pause wakes up here.
    if (elapsedMs() >= options.deadlineMs) return end(outcome, sending, tries);
    // One that is not read to its end would hold its connection.
    if (outcome.kind === 'answer') outcome.response.body?.cancel().catch(() => {});
  }
}

function end(outcome: TryOutcome, { key, resumed }: Sending, tries: number): Response {
  if (outcome.kind === 'failed') throw new NoAnswerError(tries, outcome.error);
  const delivery: Delivery = {
    key,
    tries,
    replayed: isReplayed(outcome.response),
    settled: isSettled(outcome, resumed || tries > 1),
  };
  return withDelivery(outcome.response, delivery);
}

function retryEvent(
  outcome: TryOutcome,
  common: Pick<RetryEvent, 'reason' | 'tries' | 'pauseMs' | 'operation'>,
): RetryEvent {
  return outcome.kind === 'answer'
    ? { ...common, status: outcome.response.status, error: undefined }
    : { ...common, status: undefined, error: outcome.error };
}
