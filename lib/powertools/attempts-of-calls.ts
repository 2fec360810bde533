/**
 * Which attempt a call of a persistence layer belongs to.
 *
 * Powertools calls its layer two times in an operation: `saveInProgress(payload)`, and `saveSuccess(payload, result)` or
 * `deleteRecord(payload)`. Nothing says that the two belong together, and the key does not tell: one process may have two
 * attempts of one key, the first of which has outlived its lock. Two things do tell:
 *
 * - **The asynchronous context.** `saveInProgress` enters a context before it first waits, so that whoever awaits it goes on
 *   in that context, up to the second call. That is how wrapper and decorator are built. A Middy hook that comes behind a
 *   slow one is awaited by somebody else, and has another context in its `after`.
 * - **The payload itself**, by identity: wrapper and middleware hand on the same object both times. But two calls may be
 *   given one object, and a text has no identity.
 *
 * The context goes first. Where it says nothing, the payload decides if it leaves no doubt. What stays in doubt is told,
 * for the layer to leave the record alone.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attempt } from '../idempotency/protocol.ts';

export type CallState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'granted'; readonly attempt: Attempt }
  | { readonly kind: 'refused' }
  /** Its attempt has been completed, given back, or left in doubt. */
  | { readonly kind: 'ended' };

/** A lock that a call asks for. A copy of the request may reach the store after the call was refused. */
export interface AskedLock {
  readonly id: string;
  readonly fingerprint: string;
  readonly leaseEndsAtMs: number;
  readonly owner: string;
}

/** One call of `saveInProgress`, and what became of it. */
export class Call {
  /** Those of its layer. */
  readonly kin: AttemptsOfCalls;
  readonly payload: unknown;
  state: CallState = { kind: 'asking' };
  /** The call in whose context this one was made, if that can still have an attempt. */
  outer: Call | undefined;
  /** Its own, or that of the refused call which it repeats. */
  asked: AskedLock | undefined;

  constructor(kin: AttemptsOfCalls, payload: unknown, outer: Call | undefined) {
    this.kin = kin;
    this.payload = payload;
    this.outer = outer;
  }

  /**
   * The token under which it asks for `lock`: that of the call which it repeats, for as long as the lock of that one would
   * keep it out; after that, anybody may take it over.
   */
  ownerOf(lock: Omit<AskedLock, 'owner'>, nowMs: number, newOwner: () => string): string {
    const before = this.asked;
    const isSame = before?.id === lock.id && before.fingerprint === lock.fingerprint;
    const owner = isSame && nowMs < before.leaseEndsAtMs ? before.owner : newOwner();
    this.asked = { ...lock, owner };
    return owner;
  }
}

/** One for all layers: up to Node 22, every promise of the process pays for each storage that there is. */
const CONTEXT = new AsyncLocalStorage<Call>();

export type FoundAttempt =
  | { readonly kind: 'found'; readonly call: Call; readonly attempt: Attempt }
  /** No call with this payload, or one that was refused or has ended: there is nothing to settle. */
  | { readonly kind: 'none' }
  | { readonly kind: 'doubtful' };

export class AttemptsOfCalls {
  readonly #ofObject = new WeakMap<object, Set<Call>>();
  readonly #ofPrimitive = new Map<unknown, Set<Call>>();

  /** To be called before `saveInProgress` first waits, or its caller does not go on in this context. */
  begin(payload: unknown): Call {
    const last = CONTEXT.getStore();
    const call = new Call(this, payload, nearestOpen(last));
    call.asked = this.#handedOnBy(last, payload);
    CONTEXT.enterWith(call);
    return call;
  }

  /** The call that has just begun. */
  get current(): Call | undefined {
    return CONTEXT.getStore();
  }

  grant(call: Call, attempt: Attempt): void {
    call.state = { kind: 'granted', attempt };
    this.#add(call);
  }

  refuse(call: Call): void {
    call.state = { kind: 'refused' };
    // A refused call may come back with an error to tell, and must not be taken for one that was granted. Of texts, which
    // nobody would ever forget, it is remembered only beside such a one.
    if (isObject(call.payload) || this.#ofPrimitive.has(call.payload)) this.#add(call);
  }

  end(call: Call): void {
    call.state = { kind: 'ended' };
    const calls = this.#callsWith(call.payload);
    calls?.delete(call);
    if (calls !== undefined && ![...calls].some(isGranted)) this.#ofPrimitive.delete(call.payload);
  }

  /** Whose handler has returned. Only calls that were granted have one. */
  succeeded(payload: unknown): FoundAttempt {
    const inContext = this.#inContext(payload);
    if (inContext !== undefined) return foundIn(inContext);
    return only([...(this.#callsWith(payload) ?? [])].filter(isGranted));
  }

  /** Whose handler has failed, or who was refused: the Middy middleware tells both in the same way. */
  failed(payload: unknown): FoundAttempt {
    const inContext = this.#inContext(payload);
    if (inContext !== undefined) return foundIn(inContext);
    const calls = [...(this.#callsWith(payload) ?? [])];
    return calls.some(isGranted) ? only(calls) : { kind: 'none' };
  }

  /**
   * Powertools calls again where the record has changed under its eyes, and so do callers who have been refused. A lock that
   * comes late, of the call before, is then the new call's own. Handed on to one only: of two, both would take it for theirs.
   */
  #handedOnBy(last: Call | undefined, payload: unknown): AskedLock | undefined {
    if (last?.kin !== this || !Object.is(last.payload, payload) || last.state.kind !== 'refused') return;
    const { asked } = last;
    last.asked = undefined;
    return asked;
  }

  #inContext(payload: unknown): Call | undefined {
    for (let call = CONTEXT.getStore(); call !== undefined; call = call.outer) {
      const isOwn = call.kin === this && Object.is(call.payload, payload);
      if (isOwn && call.state.kind !== 'ended') return call;
    }
    return undefined;
  }

  #callsWith(payload: unknown): Set<Call> | undefined {
    return isObject(payload) ? this.#ofObject.get(payload) : this.#ofPrimitive.get(payload);
  }

  #add(call: Call): void {
    const { payload } = call;
    const calls = this.#callsWith(payload) ?? new Set();
    calls.add(call);
    if (isObject(payload)) this.#ofObject.set(payload, calls);
    else this.#ofPrimitive.set(payload, calls);
  }
}

/**
 * The innermost call that can still have an attempt to settle. Those that cannot are taken out on the way: a context is
 * handed on from invocation to invocation where nobody leaves it, and must not grow.
 */
function nearestOpen(from: Call | undefined): Call | undefined {
  let nearest = from;
  while (nearest !== undefined && !isOpen(nearest)) nearest = nearest.outer;
  for (let call = nearest; call?.outer !== undefined; ) {
    if (isOpen(call.outer)) call = call.outer;
    else call.outer = call.outer.outer;
  }
  return nearest;
}

function isOpen({ state }: Call): boolean {
  return state.kind === 'asking' || state.kind === 'granted';
}

function isGranted({ state }: Call): boolean {
  return state.kind === 'granted';
}

function isObject(payload: unknown): payload is object {
  return typeof payload === 'object' && payload !== null;
}

function foundIn(call: Call): FoundAttempt {
  return call.state.kind === 'granted'
    ? { kind: 'found', call, attempt: call.state.attempt }
    : { kind: 'none' };
}

function only(calls: readonly Call[]): FoundAttempt {
  const [call, ...others] = calls;
  if (call === undefined) return { kind: 'none' };
  return others.length === 0 ? foundIn(call) : { kind: 'doubtful' };
}
