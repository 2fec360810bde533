/**
 * The flow of one invocation, which the middleware and the wrapper share: which operation is this, may it run, and
 * what becomes of the key when it has.
 */
import type { Context } from 'aws-lambda';
import { readHttpRequest } from '../http/front-door.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { isTransactional } from '../stores/transactional-store.ts';
import { claimOrWait } from './claim-or-wait.ts';
import { refuseDurableExecution } from './durable-execution.ts';
import {
  ConfigurationError,
  InProgressError,
  isIdempotencyError,
  OutcomeUnknownError,
  PayloadMismatchError,
  type StoreError,
  storeErrorOf,
} from './errors.ts';
import { acquiredEvent, type UnguardedReason } from './events.ts';
import { leaseEnd } from './held-lease.ts';
import { concludeAnswer, httpOperation } from './http-operation.ts';
import { identifiedOperation } from './identified-operation.ts';
import { concludeResult, keyedOperation } from './keyed-operation.ts';
import type { Conclusion, Operation } from './operation.ts';
import { type Attempt, type Claim, claim } from './protocol.ts';
import { reconcile } from './reconcile.ts';
import type { DoubtfulOperation } from './reconciliation.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import { guardedRun, type Run, type RunSettings } from './run.ts';
import { singleWriteRun } from './single-write-run.ts';
import { unguardedRun } from './unguarded-run.ts';

export type Admission =
  /** Run the handler, and tell `run` how it ended. */
  | { readonly kind: 'run'; readonly run: Run }
  /** The operation has its result already. */
  | { readonly kind: 'replay'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Decides over one invocation.
 * @throws whatever the user's own `key`, `caller` or `fingerprint` throws
 */
export async function admit(
  event: unknown,
  context: Context | undefined,
  options: ResolvedOptions,
): Promise<Admission> {
  let request: HttpRequest | undefined;
  const deadlineMs = deadline(context, options);
  try {
    refuseDurableExecution(event, context);
    if (options.identity !== undefined) {
      const http = readHttpRequest(event);
      request = http;
      const settings = { event, context, request, deadlineMs, options };
      const conclude =
        http === undefined ? concludeResult : (answer: unknown) => concludeAnswer(answer, http);
      // Whoever names records may name them for any method, unless some are chosen.
      if (http !== undefined && options.choosesMethods && !options.methods.has(http.method)) {
        return unguarded('method', conclude, settings);
      }
      const operation = identifiedOperation(await options.identity(event, context), http, options);
      if (operation === undefined) return unguarded('no-key', conclude, settings);
      return await admitOperation(operation, settings);
    }
    if (options.key === undefined) {
      const http = readRequest(event);
      request = http;
      const settings = { event, context, request, deadlineMs, options };
      const conclude = (answer: unknown) => concludeAnswer(answer, http);
      if (!options.methods.has(http.method)) return unguarded('method', conclude, settings);
      const operation = httpOperation(event, http, options);
      if (operation === undefined) return unguarded('no-key', conclude, settings);
      return await admitOperation(operation, settings);
    }
    const settings = { event, context, request, deadlineMs, options };
    const operation = keyedOperation(options.key(event, context), event, options);
    if (operation === undefined) return unguarded('no-key', concludeResult, settings);
    return await admitOperation(operation, settings);
  } catch (error) {
    if (!isIdempotencyError(error)) throw error;
    return { kind: 'refused', refusal: refusalOf(error, request, options) };
  }
}

interface Invocation extends RunSettings {
  readonly event: unknown;
  readonly context: Context | undefined;
}

async function admitOperation(operation: Operation, settings: Invocation): Promise<Admission> {
  const { id } = operation;
  const { options } = settings;
  const { notify, store, warmCache } = options;
  const known = warmCache?.recall(operation);
  const from = known === undefined ? 'store' : 'cache';
  if (known === undefined && options.strategy === 'single-write' && isTransactional(store)) {
    return { kind: 'run', run: singleWriteRun(operation, store, settings) };
  }
  const outcome = known ?? (await claimOrExplain(operation, settings));
  switch (outcome.kind) {
    case 'acquired': {
      notify(acquiredEvent(outcome.attempt, outcome.leaseEndedAtMs));
      const run = guardedRun(operation, outcome.attempt, { ...settings, deadlineMs: outcome.deadlineMs });
      const { onUncertain } = options;
      if (outcome.leaseEndedAtMs === undefined || typeof onUncertain !== 'function')
        return { kind: 'run', run };
      const question = questionOf(outcome.attempt, outcome.leaseEndedAtMs, run, settings);
      const reconciled = await reconcile(onUncertain, question, operation, run);
      return reconciled.kind === 'run' ? { kind: 'run', run } : reconciled;
    }
    case 'completed':
      notify({ type: 'replayed', id, from });
      return { kind: 'replay', answer: operation.replay(outcome.result) };
    case 'in-progress':
      notify({ type: 'in-progress', id, retryAfterMs: outcome.retryAfterMs });
      throw new InProgressError(outcome.retryAfterMs);
    case 'mismatch':
      notify({ type: 'mismatch', id, from });
      throw new PayloadMismatchError();
    case 'uncertain':
      notify({ type: 'uncertain', id });
      throw new OutcomeUnknownError();
    case 'store-failed':
      notify({ type: 'store-failed', id, during: 'claim', error: outcome.error });
      if (options.onStoreUnavailable === 'run-unguarded' && !outcome.error.keyConsumed) {
        return unguarded('store-unavailable', operation.conclude, settings);
      }
      throw outcome.error;
  }
}

function questionOf(
  { attempt, steps = {} }: Attempt,
  leaseEndedAtMs: number,
  { idempotency }: Run,
  { event, context }: Invocation,
): DoubtfulOperation {
  const { deriveKey } = idempotency;
  return {
    event,
    context,
    attempt,
    deriveKey,
    stepNames: Object.keys(steps),
    leaseEndedAtMs,
    get signal() {
      return idempotency.signal;
    },
  };
}

/** `deadlineMs`: of a run under the claim. */
type ExplainedClaim =
  | (Claim & { readonly deadlineMs: number })
  | { readonly kind: 'store-failed'; readonly error: StoreError };

async function claimOrExplain(
  { id, fingerprint }: Operation,
  { context, options }: Invocation,
): Promise<ExplainedClaim> {
  const { onInProgress, timeoutEarlyInMillis, clockSkewMs } = options;
  let deadlineMs = 0;
  // A Lambda attempt cannot outlive its deadline, so the lease that ends with it (and a margin for clocks that differ)
  // is the shortest one that can never be overrun; a shorter one has to be renewed. Where nothing ends an invocation,
  // it begins with each claim.
  const request = () => {
    deadlineMs = deadline(context, options);
    const latestLeaseEndMs = deadlineMs + clockSkewMs;
    return { id, fingerprint, leaseEndsAtMs: leaseEnd(options, deadlineMs), latestLeaseEndMs };
  };
  const remainingMs = () => remainingTimeMs(context) ?? Number.POSITIVE_INFINITY;
  try {
    const claimed =
      onInProgress === 'reject'
        ? await claim(options, request())
        : await claimOrWait(options, request, {
            waitMs: onInProgress.waitMs,
            remainingMs,
            timeoutEarlyInMillis,
          });
    return { deadlineMs, ...claimed };
  } catch (error) {
    // Without a record there is no run, whatever it was that the store threw.
    return { kind: 'store-failed', error: storeErrorOf(error) };
  }
}

/** Epoch milliseconds at which the invocation ends: at Lambda's word, or when `leaseMs` have passed. */
function deadline(context: Context | undefined, { now, leaseMs }: ResolvedOptions): number {
  return Math.ceil(now() + Math.max(remainingTimeMs(context) ?? leaseMs, 0));
}

/** `undefined` outside Lambda, where nothing ends an invocation. */
function remainingTimeMs(context: Context | undefined): number | undefined {
  const remainingMs = context?.getRemainingTimeInMillis?.();
  return Number.isFinite(remainingMs) ? remainingMs : undefined;
}

function unguarded(
  reason: UnguardedReason,
  conclude: (answer: unknown) => Conclusion,
  settings: RunSettings,
): Admission {
  settings.options.notify({ type: 'unguarded', reason });
  return { kind: 'run', run: unguardedRun(conclude, settings) };
}

function readRequest(event: unknown): HttpRequest {
  const request = readHttpRequest(event);
  if (request !== undefined) return request;
  throw new ConfigurationError(
    'This event is no HTTP request of API Gateway, a function URL or a load balancer. For other events use idempotent(fn, { key: (event) => ... }).',
  );
}
