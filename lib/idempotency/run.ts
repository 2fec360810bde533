import type { HttpRequest } from '../http/http-request.ts';
import type { IdempotencyRecord } from '../stores/idempotency-store.ts';
import type { FailedWrite } from '../stores/transactional-store.ts';
import { commit } from './commit.ts';
import { type Ending, failedWith } from './ending.ts';
import { ResultNotRecordedError, StoreError, SupersededError } from './errors.ts';
import { completedEvent } from './events.ts';
import { type IdempotencyContext, idempotencyContext } from './handler-context.ts';
import type { Operation, RecordConclusion } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import { PendingWrites, writesNotCommitted } from './pending-writes.ts';
import { type Attempt, complete, release, successorOf } from './protocol.ts';
import { refusalOf } from './refusal.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/**
 * One run of the handler. Whoever runs it tells how it ended by calling one of these, once. None of them rejects:
 * what the store does at the end never takes the place of what the handler did. The exception are writes that the
 * handler has left to `commit`: no success is told unless they were applied.
 */
export interface Run {
  readonly idempotency: IdempotencyContext;
  /** The handler has ended, somehow; how comes later. */
  handlerEnded(): void;
  /**
   * The handler returned `handlerAnswer`, of which other hooks made `answer`. The first decides what becomes of the
   * key, the second is recorded.
   */
  finish(answer: unknown, handlerAnswer?: unknown): Promise<Ending>;
  /** Nothing has run: something in front of the handler answered or threw in its place. */
  abandon(): Promise<void>;
  /** The handler threw `error`. Resolves to what the caller gets in its place, if anything. */
  fail(error: unknown): Promise<Ending | undefined>;
  /** Nobody can tell how the handler ended. `answer`, if there is one, may be its own or somebody else's. */
  leaveInDoubt(answer?: unknown): Ending | undefined;
  /**
   * `answer` came after the invocation's deadline, and nobody can tell whether it is the handler's. The key stays in
   * doubt. Resolves to what a successor's record, or the want of one, puts in the place of the answer.
   */
  yieldToSuccessor(answer: unknown): Promise<Ending | undefined>;
}

export interface RunSettings {
  readonly request: HttpRequest | undefined;
  /** Epoch milliseconds at which the invocation ends. */
  readonly deadlineMs: number;
  readonly options: ResolvedOptions;
}

/** A run under the lock that `attempt` holds. */
export function guardedRun(
  operation: Operation,
  attempt: Attempt,
  settings: RunSettings,
  pending = new PendingWrites(settings.options.store),
): Run {
  const { request, deadlineMs, options } = settings;
  const { notify } = options;
  const named = { id: attempt.id, attempt: attempt.attempt };

  async function finish(answer: unknown, handlerAnswer = answer): Promise<Ending> {
    pending.close();
    return conclude(answer, handlerAnswer, pending.isEmpty ? record : recordWithWrites);
  }

  async function conclude(
    answer: unknown,
    handlerAnswer: unknown,
    consume: (conclusion: RecordConclusion, answer: unknown) => Promise<Ending>,
  ): Promise<Ending> {
    // Whether it took effect is for the handler to say, and not for a hook that changed its answer afterwards.
    const conclusion = operation.conclude(handlerAnswer);
    switch (conclusion.kind) {
      case 'unknown':
        tellDoubt();
        return { kind: 'answer', answer };
      case 'failed':
        await giveBack();
        return { kind: 'answer', answer };
      case 'record': {
        const finished = operation.conclude(answer);
        return consume(finished.kind === 'record' ? finished : conclusion, answer);
      }
    }
  }

  async function record(conclusion: RecordConclusion, answer: unknown): Promise<Ending> {
    try {
      const settlement = await complete(options, attempt, conclusion.result(), conclusion.omit);
      if (settlement.kind === 'superseded') {
        return answerOfSuccessor(settlement.current) ?? { kind: 'answer', answer };
      }
      notify(completedEvent(named, settlement.omission));
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'complete', error: asError(error) });
      if (isOfSuccessor(error)) return { kind: 'refused', refusal: refusalOf(error, request, options) };
      // The work is done, so its answer goes out; the key stays in doubt until the lease ends.
    }
    return { kind: 'answer', answer };
  }

  /** Here the work is done if and only if the transaction went through. */
  async function recordWithWrites(conclusion: RecordConclusion, answer: unknown): Promise<Ending> {
    const { store, writes } = pending.transaction;
    const { omit } = conclusion;
    const settlement = await commit(options, store, attempt, {
      writes,
      result: conclusion.result(),
      omit,
      deadlineMs,
    });
    switch (settlement.kind) {
      case 'settled':
        notify(completedEvent(named, settlement.omission));
        return { kind: 'answer', answer };
      case 'superseded':
        return answerOfSuccessor(settlement.current) ?? failedWith(new SupersededError(0), request, options);
      case 'condition-failed':
        return answerFailedCondition(settlement.failed);
      case 'not-applied':
      case 'in-doubt':
        notify({ type: 'store-failed', id: attempt.id, during: 'commit', error: settlement.error });
        notify({ type: settlement.kind === 'in-doubt' ? 'in-doubt' : 'released', ...named });
        return failedWith(settlement.error, request, options);
    }
  }

  async function answerFailedCondition(failed: readonly FailedWrite[]): Promise<Ending> {
    notify({ type: 'condition-failed', ...named, writes: failed.map(({ index }) => index) });
    const reaction = await pending.onConditionFailed(failed);
    if (reaction.kind === 'answer') return conclude(reaction.answer, reaction.answer, record);
    if (isOutcomeUnknown(reaction.error)) tellDoubt();
    else {
      // Whoever has taken over knows more than the condition that has just been looked at.
      const successor = await giveBack();
      if (successor !== undefined) return successor;
    }
    return failedWith(reaction.error, request, options);
  }

  /** This attempt outlived its lease: the record, and not our own result, is now the truth about the key. */
  function answerOfSuccessor(current: IdempotencyRecord | undefined): Ending | undefined {
    notify({ type: 'superseded', ...named });
    // Where all retention was over, the key may have begun another life with another payload: no successor of ours.
    if (current?.fingerprint !== attempt.fingerprint) return undefined;
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

  async function fail(error: unknown): Promise<Ending | undefined> {
    pending.close();
    if (isOutcomeUnknown(error)) tellDoubt();
    else await giveBack();
    return undefined;
  }

  async function abandon(): Promise<void> {
    pending.close();
    await giveBack();
  }

  /** Resolves to what a successor has to say, if there is one. */
  async function giveBack(): Promise<Ending | undefined> {
    try {
      const settlement = await release(options, attempt);
      if (settlement.kind === 'superseded') return answerOfSuccessor(settlement.current);
      notify({ type: 'released', ...named });
    } catch (error) {
      // Whatever made the handler fail came first, and is what the caller must see.
      notify({ type: 'store-failed', id: attempt.id, during: 'release', error: asError(error) });
    }
    return undefined;
  }

  function tellDoubt(): void {
    notify({ type: 'in-doubt', ...named });
  }

  function leaveInDoubt(answer?: unknown): Ending | undefined {
    pending.close();
    tellDoubt();
    return unlessWritesAreMissing(answer);
  }

  async function yieldToSuccessor(answer: unknown): Promise<Ending | undefined> {
    pending.close();
    try {
      const successor = await successorOf(options, attempt);
      const ending = successor === undefined ? undefined : answerOfSuccessor(successor);
      if (ending !== undefined) return ending;
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'read', error: asError(error) });
      if (isOfSuccessor(error)) return { kind: 'refused', refusal: refusalOf(error, request, options) };
    }
    tellDoubt();
    return unlessWritesAreMissing(answer);
  }

  /** An answer of which nobody knows whose it is must not tell of a success that was never written. */
  function unlessWritesAreMissing(answer: unknown): Ending | undefined {
    if (pending.isEmpty || answer === undefined || operation.conclude(answer).kind !== 'record')
      return undefined;
    const retryAfterMs = Math.max(attempt.leaseEndsAtMs - options.now(), 0);
    return failedWith(writesNotCommitted({ retryAfterMs }), request, options);
  }

  const { leaseEndsAtMs } = attempt;
  const idempotency = idempotencyContext({
    ...named,
    guarded: true,
    leaseEndsAtMs,
    seed: attempt.id,
    commit: pending.add,
  });
  const handlerEnded = () => pending.close();
  return { idempotency, handlerEnded, finish, abandon, fail, leaveInDoubt, yieldToSuccessor };
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
