/** One schedule: a few requests, everything that may happen to them, and what the checker says of it. */

import { GUARDS_BESIDE } from './beside-powertools.ts';
import { within } from './bounds.ts';
import { Checker } from './checker/checker.ts';
import type { Violation } from './checker/promises.ts';
import { pickOne, type RecordedChoices } from './choices.ts';
import { createTable } from './create-table.ts';
import { Databases } from './databases.ts';
import { Guards } from './guard.ts';
import type { HistoryLine } from './history.ts';
import { type Answer, Invocation, type SenderTraits } from './invocation.ts';
import type { Mutant } from './mutants.ts';
import { Scheduler } from './scheduler.ts';
import type { Expirable } from './simulated-table.ts';
import { type Bounds, needsTransactions, type Store, type Work, type World } from './world.ts';

export interface ScheduleResult {
  readonly violation: Violation | undefined;
  readonly history: readonly HistoryLine[];
  readonly steps: number;
  /** Cut off because `isKnown` said so. */
  readonly abandoned: boolean;
}

export interface ScheduleOptions {
  readonly bounds: Bounds;
  readonly choices: RecordedChoices;
  readonly mutant?: Mutant | undefined;
  /** Keep the time line; it costs time. */
  readonly withHistory?: boolean;
  /** Asked before each choice, with all that the rest of the schedule depends on. */
  readonly isKnown?: (state: string) => boolean;
}

const SERVERS = 2;

/** A bound that no schedule comes near, though each waiter may read some dozen times; one that does is a loop. */
const STEPS_MAX = 2_000;

export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  const { choices, mutant, isKnown } = options;
  const scheduler = new Scheduler();
  const history: HistoryLine[] = [];
  const front = pickOne(choices, options.bounds.fronts);
  const bounds = within(options.bounds, front);
  const work = pickOne(choices, bounds.works);
  const onUncertain = pickOne(choices, bounds.onUncertain);
  const renewedLeaseMs = pickOne(choices, bounds.renewedLeaseMs);
  const retentionSeconds = pickOne(choices, bounds.retentionSeconds);
  const onInProgress = pickOne(choices, bounds.onInProgress);
  const cache = pickOne(choices, bounds.cache);
  const store = pickOne(
    choices,
    bounds.stores,
    bounds.stores.map((name) => storeWeight(name, work)),
  );
  const table = createTable(store, {
    left: pickOne(choices, bounds.stock),
    now: () => scheduler.nowMs,
    clockSkewMs: bounds.clockSkewMs,
    changeScript: mutant?.script,
  });
  // What a sandbox keeps, it keeps by the clock of whoever has completed it.
  const aheadMs = (cache ? 1 : CLOCKS_AHEAD[store]) * bounds.clockSkewMs;
  const databases = new Databases();
  const checker = new Checker({
    scheduler,
    table,
    databases,
    clockSkewMs: aheadMs,
    work,
    onUncertain,
    renewsLeases: renewedLeaseMs !== 'none',
    cache,
  });
  const world: World = {
    bounds,
    choices,
    scheduler,
    table,
    checker,
    databases,
    mutant,
    front,
    work,
    store,
    onUncertain,
    renewedLeaseMs,
    retentionSeconds,
    onInProgress,
    cache,
    get guards() {
      return guards;
    },
    history,
    faultsLeft: bounds.faults,
    handlersMayFail: bounds.failures,
    keepsNotes: options.withHistory === true || isKnown !== undefined,
    tell(actor, text) {
      if (options.withHistory) history.push({ atMs: scheduler.nowMs, actor, text });
    },
  };
  const guards = new Guards(world);
  world.tell(undefined, describeWorld(world));

  const invocations: Invocation[] = [];
  const start = (traits: SenderTraits) => {
    const invocation = new Invocation(world, traits);
    invocations.push(invocation);
    return invocation;
  };
  let sendsLeft = pickOne(choices, bounds.sends, bounds.sends);
  let crashesLeft = bounds.crashes;
  let waitsLeft = bounds.waits;
  let restocksLeft = bounds.restocks;
  let steps = 0;

  while (checker.violation === undefined) {
    const running = invocations.filter(({ ended }) => !ended);
    const { waiting } = scheduler;
    if (sendsLeft === 0 && running.length === 0 && waiting.length === 0) break;
    if (steps++ > STEPS_MAX) throw new Error('A schedule does not end.');
    if (isKnown?.(await stateOf())) return { violation: undefined, history, steps, abandoned: true };

    // Steps under way first, in the order in which they were asked for: choice 0 is the uneventful one.
    const weights = waiting.map(() => 4);
    weights.push(sendsLeft > 0 ? 4 : 0);
    weights.push(crashesLeft > 0 && running.length > 0 ? 1 : 0);
    weights.push(waitsLeft > 0 && invocations.length > 0 ? 2 : 0);
    const expired = expiredItems();
    weights.push(expired.length > 0 ? 1 : 0);
    weights.push(restocksLeft > 0 && table.left === 0 ? 2 : 0);
    const picked = choices.pick(weights);
    if (picked < waiting.length) await take(picked);
    else if (picked === waiting.length) {
      sendsLeft -= 1;
      void start(pickTraits()).run();
      await scheduler.settle();
    } else if (picked === waiting.length + 1) {
      crashesLeft -= 1;
      pickOne(choices, running).crash('CRASHES');
    } else if (picked === waiting.length + 2) {
      waitsLeft -= 1;
      wait();
    } else if (picked === waiting.length + 3) {
      const { id } = pickOne(choices, expired);
      world.tell(undefined, `TTL deletes a ${table.record(id) === undefined ? 'chunk' : 'record'}`);
      table.delete(id);
      checker.writes.ttlDeleted(id);
    } else {
      restocksLeft -= 1;
      table.left += 1;
      checker.rows.restocked();
      world.tell(undefined, 'one more comes into stock');
    }
  }
  if (checker.violation === undefined) checker.runs.checkEffects();
  if (checker.violation === undefined) await probe();
  return { violation: checker.violation, history, steps, abandoned: false };

  /** Who sleeps wakes when time has come to it; who should have woken before is late, as timers are. */
  async function take(index: number): Promise<void> {
    const step = scheduler.waiting[index];
    if (step === undefined) return scheduler.settle();
    if (step.fromMs > scheduler.nowMs) advanceTo(step.fromMs);
    await scheduler.take(step);
  }

  function pickTraits(): SenderTraits {
    return {
      number: invocations.length + 1,
      key: `k${1 + choices.pick(Array(bounds.keys).fill(1))}`,
      payload: 'AB'.charAt(choices.pick(bounds.payloads > 1 ? [4, 1] : [1])),
      skewMs: aheadMs > 0 ? ([0, aheadMs][choices.pick([1, 1])] ?? 0) : 0,
      isZombie: bounds.zombies && choices.pick([2, 1]) === 1,
      server: work === 'home step' ? 1 + choices.pick(Array(SERVERS).fill(1)) : 1,
      guardBeside: front === 'beside Powertools' ? pickOne(choices, GUARDS_BESIDE) : 'this library',
    };
  }

  /** By a clock that may be ahead of the true one, as far as clocks may differ. */
  function expiredItems(): readonly Expirable[] {
    if (!bounds.expiry) return [];
    const nowSeconds = (scheduler.nowMs + bounds.clockSkewMs) / 1000;
    return table.expirables.filter(({ expiresAtSeconds }) => expiresAtSeconds < nowSeconds);
  }

  /** Time goes on: a little, to the moments at which something ends, or to those at which something expires. */
  function wait(): void {
    const { records } = table;
    const running = invocations.filter(({ ended }) => !ended);
    const ends = [
      ...running.map(({ deadlineMs }) => deadlineMs),
      ...records.flatMap((record) => [table.clocks.mayBeTakenOverFromMs(record), record.leaseEndsAtMs]),
    ].filter((moment) => moment > scheduler.nowMs);
    // In the second named by `expiration` a record counts still; in the next one it does not.
    const expiries = records
      .flatMap(({ expiresAtSeconds }) => [expiresAtSeconds, expiresAtSeconds + 1, expiresAtSeconds + 120])
      .map((seconds) => seconds * 1000)
      .filter((moment) => bounds.expiry && moment > scheduler.nowMs);
    const moments = [...ends, ...expiries, scheduler.nowMs + 1];
    const picked = choices.pick([...ends.map(() => 4), ...expiries.map(() => 1), 2]);
    advanceTo(moments[picked] ?? scheduler.nowMs);
  }

  function advanceTo(moment: number): void {
    scheduler.nowMs = moment;
    world.tell(undefined, 'time goes on');
    for (const id of table.clocks.dropExpired()) {
      world.tell(undefined, 'the store lets a record go');
      checker.writes.ttlDeleted(id);
    }
    for (const invocation of invocations) {
      if (!invocation.ended && !invocation.isZombie && invocation.deadlineMs <= moment) {
        invocation.crash('is killed at its deadline');
      }
    }
  }

  /** What the next caller finds once everything is over. */
  async function probe(): Promise<void> {
    const ends = table.records.map((record) =>
      Math.max(record.leaseEndsAtMs, table.clocks.mayBeTakenOverFromMs(record)),
    );
    const latest = Math.max(0, ...ends);
    advanceTo(Math.max(latest, scheduler.nowMs));
    world.faultsLeft = 0;
    world.handlersMayFail = false;
    for (const key of new Set(invocations.map((invocation) => invocation.key))) {
      const invocation = start({
        number: invocations.length + 1,
        key,
        payload: 'A',
        skewMs: 0,
        isZombie: false,
        server: 1,
        guardBeside: 'this library',
      });
      const answered = invocation.run();
      let answer: Answer | undefined;
      void answered.then((given) => {
        answer = given;
      });
      while (answer === undefined && steps++ <= STEPS_MAX) await take(0);
      if (answer !== undefined && checker.violation === undefined) checker.answers.probed(invocation, answer);
    }
  }

  async function stateOf(): Promise<string> {
    return JSON.stringify([
      scheduler.nowMs,
      table.records,
      checker.state,
      invocations.map(({ learned, ended, deadlineMs, skewMs }) => [learned, ended, deadlineMs, skewMs]),
      scheduler.waiting.map(({ actor, label, fromMs }) => [actor, label, fromMs]),
      [sendsLeft, crashesLeft, waitsLeft, world.faultsLeft, restocksLeft, table.left],
    ]);
  }
}

function describeWorld(world: World): string {
  const { front, work, store, table, onUncertain, onInProgress, renewedLeaseMs, cache, retentionSeconds } =
    world;
  return [
    front,
    work,
    store === 'port' ? undefined : store,
    table.left < 2 ? `${table.left} in stock` : undefined,
    `onUncertain: ${onUncertain}`,
    onInProgress === 'reject' ? undefined : `onInProgress: waits ${onInProgress.waitMs} ms`,
    renewedLeaseMs === 'none' ? undefined : `lease of ${renewedLeaseMs} ms, renewed`,
    cache ? 'warm cache' : undefined,
    `results kept for ${retentionSeconds} s`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** The more a schedule costs, the fewer there are: a long answer has to be compressed, sealed, and taken apart. */
const STORE_WEIGHTS: Readonly<Record<Store, number>> = {
  port: 12,
  DynamoDB: 6,
  'DynamoDB, long answers': 1,
  Valkey: 4,
};

/** Nothing can be left to a `commit` where the record is not beside the rows. */
function storeWeight(store: Store, work: Work): number {
  return store === 'Valkey' && needsTransactions(work) ? 0 : STORE_WEIGHTS[store];
}

/**
 * By how much the clock of a sandbox may be ahead, in allowances for it (the option `clockSkewMs`). Where the store's own
 * clock has the last word, that of a sandbox does not matter.
 */
const CLOCKS_AHEAD: Readonly<Record<Store, number>> = {
  port: 1,
  DynamoDB: 1,
  'DynamoDB, long answers': 1,
  Valkey: 5,
};
