import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '../http/http-request.ts';
import type { IdempotencyRecord } from '../stores/idempotency-store.ts';
import { ResultNotRecordedError, StoreError, SupersededError } from './errors.ts';
import { type IdempotencyContext, idempotencyContext } from './handler-context.ts';
import type { Conclusion, Operation } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import { type Attempt, complete, release, successorOf } from './protocol.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/** What the caller gets in the end. */
export type Ending =
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * One run of the handler. Whoever runs it tells how it ended by calling one of these, once. None of them rejects:
 * what the store does at the end never takes the place of what the handler did.
 */
export interface Run {
  readonly idempotency: IdempotencyContext;
  /**
   * The handler returned `handlerAnswer`, of which other hooks made `answer`. The first decides what becomes of the
   * key, the second is recorded.
   */
  finish(answer: unknown, handlerAnswer?: unknown): Promise<Ending>;
  /** The handler threw `error`, or something in front of it did. */
  fail(error: unknown): Promise<void>;
  /** Nobody can tell how the handler ended. */
  leaveInDoubt(): void;
  /**
   * `answer` came after the invocation's deadline, and nobody can tell whether it is the handler's. The key stays in
   * doubt, and a successor's record goes before the answer.
   */
  yieldToSuccessor(answer: unknown): Promise<Ending>;
}

/** A run under the lock that `attempt` holds. */
export function guardedRun(
  operation: Operation,
  attempt: Attempt,
  request: HttpRequest | undefined,
  options: ResolvedOptions,
): Run {
  const { notify } = options;
  const named = { id: attempt.id, attempt: attempt.attempt };

  async function finish(answer: unknown, handlerAnswer = answer): Promise<Ending> {
    // Whether it took effect is for the handler to say, and not for a hook that changed its answer afterwards.
    const conclusion = operation.conclude(handlerAnswer);
    switch (conclusion.kind) {
      case 'unknown':
        leaveInDoubt();
        return { kind: 'answer', answer };
      case 'failed':
        await giveBack();
        return { kind: 'answer', answer };
      case 'record': {
        const finished = operation.conclude(answer);
        return await record(finished.kind === 'record' ? finished : conclusion, answer);
      }
    }
  }

  async function record(
    conclusion: Extract<Conclusion, { kind: 'record' }>,
    answer: unknown,
  ): Promise<Ending> {
    try {
      const settlement = await complete(options, attempt, conclusion.result(), conclusion.omit);
      if (settlement.kind === 'superseded') return answerOfSuccessor(settlement.current, answer);
      const { omission } = settlement;
      notify({ type: 'completed', ...named, ...(omission === undefined ? {} : { omission }) });
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'complete', error: asError(error) });
      if (isOfSuccessor(error)) return { kind: 'refused', refusal: refusalOf(error, request, options) };
      // The work is done, so its answer goes out; the key stays in doubt until the lease ends.
    }
    return { kind: 'answer', answer };
  }

  /** This attempt outlived its lease: the record, and not our own result, is now the truth about the key. */
  function answerOfSuccessor(current: IdempotencyRecord | undefined, answer: unknown): Ending {
    notify({ type: 'superseded', ...named });
    if (current === undefined) return { kind: 'answer', answer };
    if (current.status === 'INPROGRESS') {
      const retryAfterMs = Math.max(current.leaseEndsAtMs - options.now(), 0);
      return { kind: 'refused', refusal: refusalOf(new SupersededError(retryAfterMs), request, options) };
    }
    try {
      return { kind: 'answer', answer: operation.replay(current.result ?? { kind: 'undefined' }) };
    } catch (error) {
      if (!(error instanceof ResultNotRecordedError)) throw error;
      return { kind: 'refused', refusal: refusalOf(error, request, options) };
    }
  }

  async function fail(error: unknown): Promise<void> {
    if (isOutcomeUnknown(error)) leaveInDoubt();
    else await giveBack();
  }

  async function giveBack(): Promise<void> {
    try {
      const settlement = await release(options, attempt);
      notify({ type: settlement.kind === 'settled' ? 'released' : 'superseded', ...named });
    } catch (error) {
      // Whatever made the handler fail came first, and is what the caller must see.
      notify({ type: 'store-failed', id: attempt.id, during: 'release', error: asError(error) });
    }
  }

  function leaveInDoubt(): void {
    notify({ type: 'in-doubt', ...named });
  }

  async function yieldToSuccessor(answer: unknown): Promise<Ending> {
    try {
      const successor = await successorOf(options, attempt);
      if (successor !== undefined) return answerOfSuccessor(successor, answer);
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'read', error: asError(error) });
      if (isOfSuccessor(error)) return { kind: 'refused', refusal: refusalOf(error, request, options) };
    }
    leaveInDoubt();
    return { kind: 'answer', answer };
  }

  const { leaseEndsAtMs } = attempt;
  const idempotency = idempotencyContext({ ...named, guarded: true, leaseEndsAtMs, seed: attempt.id });
  return { idempotency, finish, fail, leaveInDoubt, yieldToSuccessor };
}

/** A run without a lock: nothing is recorded and nothing is given back. */
export function unguardedRun(): Run {
  return {
    idempotency: idempotencyContext({
      guarded: false,
      attempt: 1,
      leaseEndsAtMs: undefined,
      seed: randomUUID(),
    }),
    finish: async (answer) => ({ kind: 'answer', answer }),
    fail: async () => {},
    leaveInDoubt: () => {},
    yieldToSuccessor: async (answer) => ({ kind: 'answer', answer }),
  };
}

/**
 * Whether the store found the key consumed by another attempt, and cannot read its result. That result, and not our
 * own, is what a retry will get.
 */
function isOfSuccessor(error: unknown): error is StoreError {
  return error instanceof StoreError && error.keyConsumed;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
