import type { TransactionalStore } from '../stores/transactional-store.ts';
import { storeFailure } from './commit.ts';
import { type Ending, failedWith } from './ending.ts';
import {
  ConfigurationError,
  InProgressError,
  PayloadMismatchError,
  ResultNotRecordedError,
} from './errors.ts';
import { acquiredEvent, completedEvent } from './events.ts';
import { idempotencyContext } from './handler-context.ts';
import type { Operation } from './operation.ts';
import { PendingWrites, writesNotCommitted } from './pending-writes.ts';
import { claim } from './protocol.ts';
import { guardedRun, type Run, type RunSettings } from './run.ts';
import { type Found, lookUp, writeOnce } from './single-write.ts';

/**
 * A run without a lock, of which nothing takes effect but in one transaction with the record (`strategy: 'single-write'`).
 * A duplicate runs the handler, too; its transaction is refused, and it answers with the first result.
 */
export function singleWriteRun(operation: Operation, store: TransactionalStore, settings: RunSettings): Run {
  const { request, deadlineMs, options } = settings;
  const { notify } = options;
  const { id } = operation;
  const named = { id, attempt: 1 };
  const pending = new PendingWrites(store);

  async function finish(answer: unknown, handlerAnswer = answer): Promise<Ending> {
    pending.close();
    return conclude(answer, handlerAnswer, pending.isEmpty ? [] : pending.transaction.writes);
  }

  async function conclude(
    answer: unknown,
    handlerAnswer: unknown,
    writes: readonly unknown[],
  ): Promise<Ending> {
    const conclusion = operation.conclude(handlerAnswer);
    if (conclusion.kind !== 'record') return (await answerOfFirst()) ?? { kind: 'answer', answer };
    const finished = operation.conclude(answer);
    const { result, omit } = finished.kind === 'record' ? finished : conclusion;
    const settlement = await writeOnce(options, store, operation, {
      writes,
      result: result(),
      omit,
      deadlineMs,
    });
    switch (settlement.kind) {
      case 'settled':
        notify(completedEvent(named, settlement.omission));
        return { kind: 'answer', answer };
      case 'found':
        return endingOf(settlement) ?? finishUnderLock(answer, handlerAnswer, writes);
      case 'condition-failed': {
        notify({ type: 'condition-failed', ...named, writes: settlement.failed.map(({ index }) => index) });
        const reaction = await pending.onConditionFailed(settlement.failed);
        if (reaction.kind === 'answer') return conclude(reaction.answer, reaction.answer, []);
        return failedWith(reaction.error, request, options);
      }
      case 'failed':
        notify({ type: 'store-failed', id, during: 'commit', error: settlement.error });
        return failedWith(settlement.error, request, options);
    }
  }

  /** What the first request, or a lock, says to this one; `undefined` where the lock is over and may be taken over. */
  function endingOf({ verdict, current }: Found): Ending | undefined {
    switch (verdict) {
      case 'completed':
        notify({ type: 'replayed', id, from: 'store' });
        return replay(current.result ?? { kind: 'undefined' });
      case 'mismatch':
        notify({ type: 'mismatch', id, from: 'store' });
        return failedWith(new PayloadMismatchError(), request, options);
      case 'in-progress': {
        const retryAfterMs = Math.max(current.leaseEndsAtMs - options.now(), 0);
        notify({ type: 'in-progress', id, retryAfterMs });
        return failedWith(new InProgressError(retryAfterMs), request, options);
      }
    }
    return undefined;
  }

  function replay(result: Parameters<Operation['replay']>[0]): Ending {
    try {
      return { kind: 'answer', answer: operation.replay(result) };
    } catch (error) {
      if (!(error instanceof ResultNotRecordedError)) throw error;
      return failedWith(error, request, options);
    }
  }

  /**
   * An attempt of `strategy: 'lock'` has left its key in doubt: the strategy was changed meanwhile. The lease is taken over
   * as any other, and what the handler has prepared is committed under it.
   */
  async function finishUnderLock(
    answer: unknown,
    handlerAnswer: unknown,
    writes: readonly unknown[],
  ): Promise<Ending> {
    try {
      const { fingerprint } = operation;
      const leaseEndsAtMs = deadlineMs + options.clockSkewMs;
      const claimed = await claim(options, { id, fingerprint, leaseEndsAtMs });
      if (claimed.kind === 'acquired') {
        notify(acquiredEvent(claimed.attempt, claimed.leaseEndedAtMs));
        const left = writes.length === 0 ? new PendingWrites(store) : pending;
        return await guardedRun(operation, claimed.attempt, settings, left).finish(answer, handlerAnswer);
      }
      const first = await answerOfFirst();
      if (first !== undefined) return first;
      throw new InProgressError(0);
    } catch (error) {
      return failedWith(storeFailure(error), request, options);
    }
  }

  /** A duplicate's failure must not hide the first result. */
  async function answerOfFirst(): Promise<Ending | undefined> {
    try {
      const first = await lookUp(options, operation);
      return first === undefined ? undefined : endingOf(first);
    } catch (error) {
      notify({ type: 'store-failed', id, during: 'read', error: storeFailure(error) });
      return undefined;
    }
  }

  async function fail(): Promise<Ending | undefined> {
    pending.close();
    return answerOfFirst();
  }

  function leaveInDoubt(answer?: unknown): Ending | undefined {
    pending.close();
    if (pending.isEmpty || answer === undefined || operation.conclude(answer).kind !== 'record')
      return undefined;
    return failedWith(writesNotCommitted(), request, options);
  }

  return {
    idempotency: idempotencyContext({
      guarded: true,
      attempt: 1,
      seed: id,
      step: noSteps,
      commit: pending.add,
    }),
    handlerEnded: () => pending.close(),
    finish,
    abandon: async () => pending.close(),
    fail,
    leaveInDoubt,
    yieldToSuccessor: async (answer) => (await answerOfFirst()) ?? leaveInDoubt(answer),
  };
}

/** A step is recorded under a lock, and has an effect of its own: neither goes with a body that runs on every duplicate. */
async function noSteps(): Promise<never> {
  throw new ConfigurationError(
    `step() needs the lock of strategy 'lock'. With 'single-write' nothing but the writes of commit() may have an effect.`,
  );
}
