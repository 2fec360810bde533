import { randomUUID } from 'node:crypto';
import { contentionError, storeFailure, untilUncontended } from './commit.ts';
import { type Ending, failedWith } from './ending.ts';
import { idempotencyContext } from './handler-context.ts';
import type { Conclusion } from './operation.ts';
import { PendingWrites, writesNotCommitted } from './pending-writes.ts';
import type { Run, RunSettings } from './run.ts';
import { unrecordedSteps } from './steps.ts';

/**
 * A run without a lock: nothing is recorded and nothing is given back. The handler's writes go out in a transaction of
 * their own, if `conclude` finds that it succeeded.
 */
export function unguardedRun(conclude: (answer: unknown) => Conclusion, settings: RunSettings): Run {
  const { request, deadlineMs, options } = settings;
  const pending = new PendingWrites(options.store);

  async function finish(answer: unknown, handlerAnswer = answer): Promise<Ending> {
    pending.close();
    if (pending.isEmpty || conclude(handlerAnswer).kind !== 'record') return { kind: 'answer', answer };
    const { store, writes } = pending.transaction;
    try {
      const outcome = await untilUncontended(options, deadlineMs, () => store.write(writes, randomUUID()));
      switch (outcome.kind) {
        case 'applied':
          return { kind: 'answer', answer };
        case 'condition-failed': {
          const reaction = await pending.onConditionFailed(outcome.failed);
          return reaction.kind === 'error' ? failedWith(reaction.error, request, options) : reaction;
        }
        case 'contended':
          return failedWith(contentionError(outcome.cause), request, options);
      }
    } catch (error) {
      return failedWith(storeFailure(error), request, options);
    }
  }

  function leaveInDoubt(answer?: unknown): Ending | undefined {
    pending.close();
    if (pending.isEmpty || answer === undefined || conclude(answer).kind !== 'record') return undefined;
    return failedWith(writesNotCommitted(), request, options);
  }

  return {
    idempotency: idempotencyContext({
      guarded: false,
      attempt: 1,
      seed: randomUUID(),
      step: unrecordedSteps().run,
      commit: pending.add,
    }),
    handlerEnded: () => pending.close(),
    finish,
    abandon: async () => pending.close(),
    fail: async () => {
      pending.close();
      return undefined;
    },
    leaveInDoubt,
    yieldToSuccessor: async (answer) => leaveInDoubt(answer),
  };
}
