/**
 * The flow of one invocation, which the middleware and the wrapper share: which operation is this, may it run, and
 * what becomes of the key when it has.
 */
import type { Context } from 'aws-lambda';
import { readHttpRequest } from '../http/front-door.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { claimOrWait } from './claim-or-wait.ts';
import {
  ConfigurationError,
  InProgressError,
  isIdempotencyError,
  OutcomeUnknownError,
  PayloadMismatchError,
  StoreError,
} from './errors.ts';
import type { UnguardedReason } from './events.ts';
import { httpOperation } from './http-operation.ts';
import { keyedOperation } from './keyed-operation.ts';
import type { Operation } from './operation.ts';
import { type Claim, claim } from './protocol.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import { guardedRun, type Run, unguardedRun } from './run.ts';

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
  try {
    let operation: Operation | undefined;
    if (options.key === undefined) {
      request = readRequest(event);
      if (!options.methods.has(request.method)) return unguarded(options, 'method');
      operation = httpOperation(event, request, options);
    } else {
      operation = keyedOperation(event, context, options);
    }
    if (operation === undefined) return unguarded(options, 'no-key');
    return await admitOperation(operation, request, context, options);
  } catch (error) {
    if (!isIdempotencyError(error)) throw error;
    return { kind: 'refused', refusal: refusalOf(error, request, options) };
  }
}

async function admitOperation(
  operation: Operation,
  request: HttpRequest | undefined,
  context: Context | undefined,
  options: ResolvedOptions,
): Promise<Admission> {
  const { id } = operation;
  const { notify, warmCache } = options;
  const known = warmCache?.recall(operation);
  const from = known === undefined ? 'store' : 'cache';
  const outcome = known ?? (await claimOrExplain(operation, context, options));
  switch (outcome.kind) {
    case 'acquired': {
      const { attempt, leaseEndsAtMs } = outcome.attempt;
      notify({ type: 'acquired', id, attempt, leaseEndsAtMs });
      return { kind: 'run', run: guardedRun(operation, outcome.attempt, request, options) };
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
      if (options.onStoreUnavailable === 'run-unguarded') return unguarded(options, 'store-unavailable');
      throw outcome.error;
  }
}

async function claimOrExplain(
  { id, fingerprint }: Operation,
  context: Context | undefined,
  options: ResolvedOptions,
): Promise<Claim | { readonly kind: 'store-failed'; readonly error: StoreError }> {
  const { onInProgress, timeoutEarlyInMillis } = options;
  const request = () => ({ id, fingerprint, leaseEndsAtMs: leaseEnd(context, options) });
  try {
    if (onInProgress === 'reject') return await claim(options, request());
    const remainingMs = () => remainingTimeMs(context) ?? Number.POSITIVE_INFINITY;
    const patience = { waitMs: onInProgress.waitMs, remainingMs, timeoutEarlyInMillis };
    return await claimOrWait(options, request, patience);
  } catch (error) {
    // A store of the user's own may throw anything; without a record there is no run, whatever it was.
    const failure =
      error instanceof StoreError ? error : new StoreError('The idempotency store failed.', { cause: error });
    return { kind: 'store-failed', error: failure };
  }
}

/**
 * A Lambda attempt cannot outlive its deadline, so the lease that ends with it (and a margin for clocks that differ)
 * is the shortest one that can never be overrun.
 */
function leaseEnd(context: Context | undefined, { now, leaseMs, clockSkewMs }: ResolvedOptions): number {
  return Math.ceil(now() + Math.max(remainingTimeMs(context) ?? leaseMs, 0) + clockSkewMs);
}

/** `undefined` outside Lambda, where nothing ends an invocation. */
function remainingTimeMs(context: Context | undefined): number | undefined {
  const remainingMs = context?.getRemainingTimeInMillis?.();
  return Number.isFinite(remainingMs) ? remainingMs : undefined;
}

function unguarded(options: ResolvedOptions, reason: UnguardedReason): Admission {
  options.notify({ type: 'unguarded', reason });
  return { kind: 'run', run: unguardedRun() };
}

function readRequest(event: unknown): HttpRequest {
  const request = readHttpRequest(event);
  if (request !== undefined) return request;
  throw new ConfigurationError(
    'This event is no HTTP request of API Gateway, a function URL or a load balancer. For other events use idempotent(fn, { key: (event) => ... }).',
  );
}
