import type { HttpRequest } from '../http/http-request.ts';
import type { IdempotencyRecord } from '../stores/idempotency-store.ts';
import type { FailedWrite } from '../stores/transactional-store.ts';
import { commit, type FailedCommit, giveBackUnlessApplied, storeFailure } from './commit.ts';
import { type Ending, failedWith } from './ending.ts';
import {
  ConfigurationError,
  errorOf,
  isLockError,
  ResultNotRecordedError,
  StoreError,
  SupersededError,
} from './errors.ts';
import { completedEvent } from './events.ts';
import { type IdempotencyContext, idempotencyContext } from './handler-context.ts';
import { HeldLease } from './held-lease.ts';
import type { Operation, RecordConclusion } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import { PendingWrites, writesNotCommitted } from './pending-writes.ts';
import {
  type Attempt,
  complete,
  endLease,
  giveBack,
  isKeptWhenGivenBack,
  recordStep,
  successorOf,
} from './protocol.ts';
import { refusalOf } from './refusal.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import { Steps } from './steps.ts';

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

/** A run under a lock, before whose handler somebody may have to find out what became of an earlier attempt. */
export interface GuardedRun extends Run {
  tellReconciled(outcome: 'completed' | 'run' | 'blocked', error: unknown): void;
  /** Why the lease is lost, if it is. */
  loss(): Error | undefined;
  /** Ends the lease, so that whoever comes next asks again. Never rejects: otherwise it ends by itself. */
  block(): Promise<void>;
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
): GuardedRun {
  const { request, deadlineMs, options } = settings;
  const { notify } = options;
  const named = { id: attempt.id, attempt: attempt.attempt };
  const lease = new HeldLease(options, attempt, deadlineMs);
  // Spreads come last in what is made for every invocation: members added behind one take Node 20 half a microsecond each.
  const steps = new Steps({
    recorded: attempt.steps,
    now: options.now,
    notify,
    loss: () => lease.loss,
    lose: (reason) => lease.lose(reason),
    record: (name, json) => recordStep(options, attempt, name, json),
    ...named,
  });

  /** The attempt as it stands now. */
  function held(): Attempt {
    return { ...attempt, leaseEndsAtMs: lease.endsAtMs, steps: steps.recorded };
  }

  function handlerEnded(): void {
    pending.close();
    steps.close();
  }

  async function finish(answer: unknown, handlerAnswer = answer): Promise<Ending> {
    handlerEnded();
    try {
      // The lease is renewed until the record is written: the client library may try for longer than it lasts.
      return await conclude(answer, handlerAnswer, pending.isEmpty ? record : recordWithWrites);
    } finally {
      lease.end();
    }
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
        await giveBackUnlessRunning();
        return { kind: 'answer', answer };
      case 'record': {
        const finished = operation.conclude(answer);
        return consume(finished.kind === 'record' ? finished : conclusion, answer);
      }
    }
  }

  async function record(conclusion: RecordConclusion, answer: unknown): Promise<Ending> {
    try {
      const settlement = await complete(options, held(), conclusion.result(), conclusion.omit);
      if (settlement.kind === 'superseded') {
        return answerOfSuccessor(settlement.current) ?? { kind: 'answer', answer };
      }
      notify(completedEvent(named, settlement.omission));
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'complete', error: errorOf(error) });
      if (isOfSuccessor(error)) return { kind: 'refused', refusal: refusalOf(error, request, options) };
      // The work is done, so its answer goes out; the key stays in doubt until the lease ends.
    }
    return { kind: 'answer', answer };
  }

  /** Here the work is done if and only if the transaction went through. */
  async function recordWithWrites(conclusion: RecordConclusion, answer: unknown): Promise<Ending> {
    const { store, writes } = pending.transaction;
    const { omit } = conclusion;
    const settlement = await commit(options, store, held(), {
      writes,
      result: conclusion.result(),
      omit,
      deadlineMs,
    });
    if (settlement.kind === 'condition-failed') return answerFailedCondition(settlement.failed);
    if (settlement.kind !== 'failed') return endOfCommit(settlement, answer);
    lease.end();
    return endOfCommit(await giveBackUnlessApplied(options, held(), settlement.error), answer);
  }

  function endOfCommit(settlement: FailedCommit, answer: unknown): Ending {
    switch (settlement.kind) {
      case 'settled':
        notify(completedEvent(named, settlement.omission));
        return { kind: 'answer', answer };
      case 'superseded':
        return answerOfSuccessor(settlement.current) ?? failedWith(new SupersededError(0), request, options);
      case 'not-applied':
      case 'in-doubt':
        notify({ type: 'store-failed', id: attempt.id, during: 'commit', error: settlement.error });
        if (settlement.kind === 'in-doubt') tellDoubt();
        else tellGivenBack();
        return failedWith(settlement.error, request, options);
    }
  }

  async function answerFailedCondition(failed: readonly FailedWrite[]): Promise<Ending> {
    notify({ type: 'condition-failed', ...named, writes: failed.map(({ index }) => index) });
    const reaction = await pending.onConditionFailed(failed);
    if (reaction.kind === 'answer') return conclude(reaction.answer, reaction.answer, recordInsteadOfWrites);
    // Whoever has taken over knows more than the condition that has just been looked at.
    const successor = isOutcomeUnknown(reaction.error) ? tellDoubt() : await giveBackUnlessRunning();
    return successor ?? failedWith(reaction.error, request, options);
  }

  /**
   * An answer that tells of writes which were refused. It is told only when it is recorded: where the client library has
   * sent the transaction twice, the other one may still be on its way, come to other data, and be applied.
   */
  async function recordInsteadOfWrites(conclusion: RecordConclusion, answer: unknown): Promise<Ending> {
    const settlement = await completeOrGiveBack(conclusion);
    const told = endOfCommit(settlement, answer);
    // Stryker disable next-line ConditionalExpression: no other settlement has one, as the compiler wants to be told
    const found = settlement.kind === 'settled' ? settlement.found : undefined;
    return found === undefined ? told : answerFrom(found);
  }

  async function completeOrGiveBack(conclusion: RecordConclusion): Promise<FailedCommit> {
    try {
      return await complete(options, held(), conclusion.result(), conclusion.omit);
    } catch (error) {
      lease.end();
      return giveBackUnlessApplied(options, held(), storeFailure(error));
    }
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
    return answerFrom(current);
  }

  function answerFrom({ result = { kind: 'undefined' } }: IdempotencyRecord): Ending {
    try {
      return { kind: 'answer', answer: operation.replay(result) };
    } catch (error) {
      if (!(error instanceof ResultNotRecordedError)) throw error;
      return { kind: 'refused', refusal: refusalOf(error, request, options) };
    }
  }

  async function fail(error: unknown): Promise<Ending | undefined> {
    handlerEnded();
    const isOurs =
      steps.hasThrown(error) || isLockError(error) || (error !== undefined && error === lease.loss);
    const successor = isOutcomeUnknown(error) ? tellDoubt() : await giveBackUnlessRunning();
    lease.end();
    // The handler's own error is the handler's to tell, whatever has become of the key.
    return isOurs ? (successor ?? failedWith(error, request, options)) : undefined;
  }

  async function abandon(): Promise<void> {
    handlerEnded();
    await giveBackKey();
  }

  /** A step that is still at work may take effect at any moment: nobody can say that the handler has failed. */
  async function giveBackUnlessRunning(): Promise<Ending | undefined> {
    return steps.isRunning ? tellDoubt() : giveBackKey();
  }

  /** Resolves to what a successor has to say, if there is one. */
  async function giveBackKey(): Promise<Ending | undefined> {
    lease.end();
    try {
      const settlement = await giveBack(options, held());
      if (settlement.kind === 'superseded') return answerOfSuccessor(settlement.current);
      tellGivenBack();
    } catch (error) {
      // Whatever made the handler fail came first, and is what the caller must see.
      notify({ type: 'store-failed', id: attempt.id, during: 'release', error: errorOf(error) });
    }
    return undefined;
  }

  async function block(): Promise<void> {
    handlerEnded();
    lease.end();
    try {
      const settlement = await endLease(options, held(), options.now());
      if (settlement.kind === 'superseded') notify({ type: 'superseded', ...named });
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'block', error: errorOf(error) });
    }
  }

  function tellReconciled(outcome: 'completed' | 'run' | 'blocked', error: unknown): void {
    const withError = error === undefined ? {} : { error: errorOf(error) };
    notify({ type: 'reconciled', ...named, outcome, ...withError });
  }

  function tellGivenBack(): void {
    notify({ type: isKeptWhenGivenBack(held()) ? 'suspended' : 'released', ...named });
  }

  function tellDoubt(): undefined {
    notify({ type: 'in-doubt', ...named });
  }

  function leaveInDoubt(answer?: unknown): Ending | undefined {
    handlerEnded();
    lease.end();
    tellDoubt();
    return unlessWritesAreMissing(answer);
  }

  async function yieldToSuccessor(answer: unknown): Promise<Ending | undefined> {
    handlerEnded();
    lease.end();
    try {
      const successor = await successorOf(options, attempt);
      const ending = successor === undefined ? undefined : answerOfSuccessor(successor);
      if (ending !== undefined) return ending;
    } catch (error) {
      notify({ type: 'store-failed', id: attempt.id, during: 'read', error: errorOf(error) });
      if (isOfSuccessor(error)) return { kind: 'refused', refusal: refusalOf(error, request, options) };
    }
    tellDoubt();
    return unlessWritesAreMissing(answer);
  }

  /** An answer of which nobody knows whose it is must not tell of a success that was never written. */
  function unlessWritesAreMissing(answer: unknown): Ending | undefined {
    if (pending.isEmpty || answer === undefined || operation.conclude(answer).kind !== 'record')
      return undefined;
    const retryAfterMs = Math.max(lease.endsAtMs - options.now(), 0);
    return failedWith(writesNotCommitted({ retryAfterMs }), request, options);
  }

  const idempotency = idempotencyContext({
    guarded: true,
    lease,
    seed: attempt.id,
    step: options.store.promises?.recordsSteps === false ? stepsNotRecorded : steps.run,
    commit: pending.add,
    ...named,
  });
  return {
    idempotency,
    handlerEnded,
    finish,
    abandon,
    fail,
    leaveInDoubt,
    yieldToSuccessor,
    tellReconciled,
    loss: () => lease.loss,
    block,
  };
}

/** Before anything of the step has run: without its record, a retry would run it again. */
async function stepsNotRecorded(): Promise<never> {
  throw new ConfigurationError(
    'context.idempotency.step needs a store that can record steps, and this one cannot. Call the function without it, or choose DynamoDbStore.',
  );
}

/**
 * Whether the store found the key consumed by another attempt, and cannot read its result. That result, and not our
 * own, is what a retry will get.
 */
function isOfSuccessor(error: unknown): error is StoreError {
  return error instanceof StoreError && error.keyConsumed;
}
