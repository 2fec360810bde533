import { ConfigurationError, OutcomeUnknownError } from './errors.ts';
import type { Operation, RecordConclusion } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import { RETRY_SOON_MS } from './protocol.ts';
import type { DoubtfulOperation, Reconcile, Reconciliation } from './reconciliation.ts';
import type { GuardedRun } from './run.ts';

/** What comes of it: a run, an answer, or an error that was thrown. */
export type Reconciled = { readonly kind: 'run' } | { readonly kind: 'replay'; readonly answer: unknown };

type Finding =
  | { readonly outcome: 'completed'; readonly answer: unknown; readonly conclusion: RecordConclusion }
  | { readonly outcome: 'run' }
  | { readonly outcome: 'blocked'; readonly error?: unknown };

/**
 * Asks the user's function, and does what it says. If this process dies meanwhile, the lease ends by itself, and the next
 * retry asks again.
 * @throws OutcomeUnknownError where the operation stays blocked; the error of an attempt that has lost its lease
 */
export async function reconcile(
  ask: Reconcile,
  question: DoubtfulOperation,
  operation: Operation,
  run: GuardedRun,
): Promise<Reconciled> {
  const finding = await find(ask, question, operation);
  const { outcome } = finding;
  const error = outcome === 'blocked' ? finding.error : undefined;
  run.tellReconciled(outcome, error);
  switch (finding.outcome) {
    case 'run': {
      // It may have taken longer than a lease that could not be renewed.
      const loss = run.loss();
      if (loss === undefined) return { kind: 'run' };
      await run.abandon();
      throw loss;
    }
    case 'completed': {
      const ending = await run.finish(finding.answer);
      if (ending.kind === 'refused') throw ending.refusal.error;
      // Stryker disable next-line ConditionalExpression,StringLiteral: never so, as nothing was left to commit(); the type asks for it
      if (ending.kind === 'failed') throw ending.error;
      // Another attempt has taken over meanwhile, and its record goes before ours.
      if (ending.answer !== finding.answer) return { kind: 'replay', answer: ending.answer };
      const recorded = finding.conclusion.result();
      const isKept = recorded.kind !== 'omitted';
      return { kind: 'replay', answer: isKept ? operation.replay(recorded) : finding.answer };
    }
    case 'blocked':
      await run.block();
      throw new OutcomeUnknownError({ cause: error, retryAfterMs: RETRY_SOON_MS });
  }
}

/** Whatever the user's function does: what it cannot say, nobody can. */
async function find(ask: Reconcile, question: DoubtfulOperation, operation: Operation): Promise<Finding> {
  let reconciliation: Reconciliation;
  try {
    reconciliation = await ask(question);
  } catch (error) {
    return { outcome: 'blocked', error };
  }
  switch (reconciliation?.outcome) {
    case 'completed': {
      const { answer } = reconciliation;
      const conclusion = operation.conclude(answer);
      if (conclusion.kind === 'record') return { outcome: 'completed', answer, conclusion };
      return { outcome: 'blocked', error: notAResult(answer) };
    }
    case 'run':
    case 'blocked':
      return reconciliation;
    default:
      return { outcome: 'blocked', error: notAnOutcome() };
  }
}

function notAResult(answer: unknown): ConfigurationError {
  return new ConfigurationError(
    `onUncertain said that the operation was completed, and gave an answer that ${
      isOutcomeUnknown(answer)
        ? 'does not know its outcome'
        : 'says that it failed (a status of 500 and above)'
    }. Give the answer of a success or a refusal, or the outcome 'run' or 'blocked'.`,
  );
}

function notAnOutcome(): ConfigurationError {
  return new ConfigurationError(
    `onUncertain must resolve to { outcome: 'completed', answer }, { outcome: 'run' } or { outcome: 'blocked' }.`,
  );
}
