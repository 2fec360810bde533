/** The library round a handler, as a deployment sets it up: once for an invocation, or once for a sandbox. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import middy7 from 'middy7';
import {
  type DoubtfulOperation,
  type HttpOptions,
  type IdempotencyContext,
  type IdempotentContext,
  idempotency,
  idempotent,
  type ProtocolOptions,
  type Reconciliation,
  type TransactionalStore,
} from '../../lib/index.ts';
import { RESULT_MAX_BYTES } from '../../lib/stores/result-size.ts';
import { httpApiEvent } from '../support/events.ts';
import { warmCacheLoaded } from '../support/warm-cache-loaded.ts';
import { type GuardBeside, invokeBesidePowertools } from './beside-powertools.ts';
import { currentlyRunning, running } from './running.ts';
import type { World } from './world.ts';

export const CLOCK_SKEW_MS = 1_000;

/** An invocation as its guard sees it. */
export interface Guarded
  extends Required<Pick<ProtocolOptions, 'now' | 'newOwner' | 'sleep' | 'random' | 'onEvent'>> {
  readonly store: TransactionalStore;
  readonly key: string;
  readonly payload: string;
  /** By how much the clock of its sandbox is ahead, in milliseconds. With the server, it is what tells sandboxes apart. */
  readonly skewMs: number;
  readonly server: number;
  /** By which of them it comes, where one function has several. */
  readonly guardBeside: GuardBeside;
  readonly client: DynamoDBClient;
  readonly handle: (idempotency: IdempotencyContext) => Promise<unknown>;
  readonly findOut: (operation: DoubtfulOperation) => Promise<Reconciliation>;
}

type Guard = (event: Guarded, context: Context) => Promise<unknown>;

// Otherwise the first schedules would find their caches empty.
await warmCacheLoaded();

/** The guards of a schedule. With a cache, the invocations of one sandbox share theirs. */
export class Guards {
  readonly #world: World;
  readonly #ofSandbox = new Map<string, Guard>();

  constructor(world: World) {
    this.#world = world;
  }

  async invoke(guarded: Guarded, context: Context): Promise<unknown> {
    if (this.#world.front === 'beside Powertools') {
      return invokeBesidePowertools(this.#world, guarded, context);
    }
    if (!this.#world.cache) return createGuard(this.#world, () => guarded)(guarded, context);
    const sandbox = `${guarded.server} ${guarded.skewMs}`;
    let guard = this.#ofSandbox.get(sandbox);
    if (guard === undefined) {
      guard = createGuard(this.#world, currentlyRunning);
      this.#ofSandbox.set(sandbox, guard);
    }
    return await running.run(guarded, guard, guarded, context);
  }
}

function createGuard(world: World, current: () => Guarded): Guard {
  const { front, mutant } = world;
  const handle = (_event: unknown, { idempotency }: IdempotentContext) => current().handle(idempotency);
  // Its options are about locks, which a single write has none of.
  const { options: brokenOptions, onUncertain = world.onUncertain } = mutant ?? {};
  const isMeant = world.work !== 'single write' && onUncertain === world.onUncertain;
  const broken = isMeant ? brokenOptions : {};
  const options = { ...optionsOf(world, current), ...broken };
  if (front === 'wrapper with key') {
    const guarded = idempotent<Guarded, unknown>(handle, {
      ...options,
      key: ({ key }: Guarded) => key,
      fingerprint: ({ payload }: Guarded) => payload,
    } as never); // The options are those of HTTP, of which only those are set that both kinds have.
    return guarded;
  }
  // Middy's own early time-out runs on the machine's timers; what it does to us is among the handler's ends.
  // The two versions' types differ in nothing that is used here.
  const middyOf = front === 'middleware' ? middy : (middy7 as unknown as typeof middy);
  const guarded =
    front === 'wrapper, HTTP'
      ? idempotent<unknown, unknown>(handle, options)
      : (middyOf(handle, { timeoutEarlyInMillis: 0 }).use(
          idempotency({ ...options, timeoutEarlyInMillis: 0 }) as never, // Middy's types want an event of its own.
        ) as unknown as (event: unknown, context: Context) => Promise<unknown>);
  return ({ key, payload }: Guarded, context) => guarded(httpApiEvent({ key, body: { payload } }), context);
}

function optionsOf(world: World, current: () => Guarded): HttpOptions {
  const { work, onUncertain, onInProgress, retentionSeconds, renewedLeaseMs, cache } = world;
  const ofLeases = {
    onUncertain:
      onUncertain === 'find out'
        ? (operation: DoubtfulOperation) => current().findOut(operation)
        : onUncertain,
    ...(renewedLeaseMs === 'none' ? {} : { renewedLeaseMs }),
  };
  return {
    store: storeOf(current),
    namespace: 'simulation',
    clockSkewMs: CLOCK_SKEW_MS,
    retentionSeconds,
    // A single write has no lease.
    ...(work === 'single write' ? { strategy: 'single-write' } : ofLeases),
    onInProgress,
    // Room for all that a schedule has; a default one would take longer to make than to use.
    cache: cache ? { maxEntries: 10 } : false,
    sleep: (ms, signal, options) => current().sleep(ms, signal, options),
    random: () => current().random(),
    now: () => current().now(),
    newOwner: () => current().newOwner(),
    onEvent: (event) => current().onEvent(event),
  };
}

function storeOf(current: () => Guarded): TransactionalStore {
  return {
    maxResultBytes: RESULT_MAX_BYTES,
    acquire: (record, nowSeconds) => current().store.acquire(record, nowSeconds),
    takeOver: (record, lapsed) => current().store.takeOver(record, lapsed),
    renew: (lease, nextLeaseEndsAtMs) => current().store.renew(lease, nextLeaseEndsAtMs),
    recordStep: (ownership, name, json) => current().store.recordStep(ownership, name, json),
    complete: (ownership, completion) => current().store.complete(ownership, completion),
    release: (ownership) => current().store.release(ownership),
    read: (id) => current().store.read(id),
    prepareWrites: (writes, earlier) => current().store.prepareWrites(writes, earlier),
    completeWith: (ownership, completion, writes) =>
      current().store.completeWith(ownership, completion, writes),
    putCompleted: (record, nowSeconds, writes) => current().store.putCompleted(record, nowSeconds, writes),
    write: (writes, token) => current().store.write(writes, token),
  };
}
