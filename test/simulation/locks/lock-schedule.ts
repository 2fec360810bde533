/** One schedule: a few contenders, everything that may happen to them, and what the checker says of it. */
import type { LockState } from '../../../lib/locks/index.ts';
import { TURN_MS } from '../../../lib/locks/lock-state.ts';
import { pickOne, type RecordedChoices } from '../choices.ts';
import type { HistoryLine } from '../history.ts';
import { Scheduler } from '../scheduler.ts';
import { Contender, type ContenderTraits } from './contender.ts';
import { LockChecker, type LockViolation } from './lock-checker.ts';
import type { LockMutant } from './lock-mutants.ts';
import type { LockBounds, LockWorld } from './lock-world.ts';
import { SimulatedLocks } from './simulated-locks.ts';

export interface LockScheduleResult {
  readonly violation: LockViolation | undefined;
  readonly history: readonly HistoryLine[];
  readonly steps: number;
}

export interface LockScheduleOptions {
  readonly bounds: LockBounds;
  readonly choices: RecordedChoices;
  readonly mutant?: LockMutant | undefined;
  /** Keep the time line; it costs time. */
  readonly withHistory?: boolean;
}

/** A bound that no schedule comes near, though a waiter may look some hundred times; one that does is a loop. */
const STEPS_MAX = 5_000;

/** Long enough for a probe behind tickets of the dead, with its looks in between. */
const PROBE_WAIT_MS = 60_000;

export async function runLockSchedule(options: LockScheduleOptions): Promise<LockScheduleResult> {
  const { bounds, choices, mutant } = options;
  const scheduler = new Scheduler();
  const locks = new SimulatedLocks();
  const history: HistoryLine[] = [];
  const checker = new LockChecker(scheduler, bounds.clockSkewMs);
  const world: LockWorld = {
    bounds,
    choices,
    scheduler,
    locks,
    checker,
    mutant,
    permits: pickOne(choices, bounds.permits),
    history,
    faultsLeft: bounds.faults,
    tell(actor, text) {
      if (options.withHistory) history.push({ atMs: scheduler.nowMs, actor, text });
    },
  };

  const contenders: Contender[] = [];
  let comingLeft = pickOne(choices, bounds.contenders, bounds.contenders);
  let crashesLeft = bounds.crashes;
  let waitsLeft = bounds.waits;
  let steps = 0;

  function come(traits: ContenderTraits): Contender {
    const contender = new Contender(world, traits);
    contenders.push(contender);
    // What it throws that is no error of ours is a defect of the simulation, and ends it.
    void contender.run();
    return contender;
  }

  while (checker.violation === undefined) {
    const running = contenders.filter(({ ended }) => !ended);
    const { waiting } = scheduler;
    if (comingLeft === 0 && running.length === 0 && waiting.length === 0) break;
    if (steps++ > STEPS_MAX) {
      const [stuck] = running;
      if (stuck === undefined) throw new Error('A schedule does not end.');
      checker.neverEnds(stuck);
      break;
    }
    const states = await locks.states();
    const expired = expiredAmong(states);

    // What needs no time to pass comes four times as often as what does.
    const weights: number[] = waiting.map(({ fromMs }) => (fromMs <= scheduler.nowMs ? 8 : 2));
    weights.push(comingLeft > 0 ? 8 : 0);
    weights.push(crashesLeft > 0 && running.length > 0 ? 2 : 0);
    weights.push(waitsLeft > 0 && contenders.length > 0 ? 3 : 0);
    weights.push(expired.length > 0 ? 4 : 0);
    if (!weights.some((weight) => weight > 0)) break;
    const picked = choices.pick(weights);
    if (picked < waiting.length) await take(picked);
    else if (picked === waiting.length) {
      comingLeft -= 1;
      come(pickTraits());
      await scheduler.settle();
    } else if (picked === waiting.length + 1) {
      crashesLeft -= 1;
      pickOne(choices, running).crash('CRASHES');
    } else if (picked === waiting.length + 2) {
      waitsLeft -= 1;
      wait(states);
    } else {
      const { id } = pickOne(choices, expired);
      world.tell(undefined, 'TTL deletes a record');
      locks.delete(id);
    }
    checker.look(contenders);
  }
  if (checker.violation === undefined) await probe();
  return { violation: checker.violation, history, steps };

  /** Who sleeps wakes when time has come to it; who should have woken before is late, as timers are. */
  async function take(index: number): Promise<void> {
    const step = scheduler.waiting[index];
    if (step === undefined) return scheduler.settle();
    if (step.fromMs > scheduler.nowMs) advanceTo(step.fromMs);
    await scheduler.take(step);
  }

  function pickTraits(): ContenderTraits {
    const isMistaken = bounds.otherPermits && choices.pick([9, 1]) === 1;
    return {
      number: contenders.length + 1,
      resource: `r${1 + choices.pick(Array(bounds.resources).fill(1))}`,
      permits: world.permits + (isMistaken ? 1 : 0),
      skewMs: bounds.clockSkewMs > 0 ? ([0, bounds.clockSkewMs][choices.pick([1, 1])] ?? 0) : 0,
      style: pickOne(choices, bounds.styles),
      waitMs: pickOne(choices, bounds.waitMs),
    };
  }

  /** By a clock that may be ahead of the true one, as far as clocks may differ. */
  function expiredAmong(states: readonly LockState[]): readonly LockState[] {
    if (!bounds.expiry) return [];
    const nowSeconds = (scheduler.nowMs + bounds.clockSkewMs) / 1000;
    return states.filter(({ expiresAtSeconds }) => expiresAtSeconds < nowSeconds);
  }

  /** Time goes on: a little, to the moments at which something ends, or to those at which something expires. */
  function wait(states: readonly LockState[]): void {
    const isAhead = (moment: number) => moment > scheduler.nowMs;
    const ends = states
      .flatMap(({ holders, freedAtMs }) => [
        freedAtMs + TURN_MS,
        ...Object.values(holders).flatMap(({ leaseEndsAtMs }) => [
          leaseEndsAtMs - bounds.clockSkewMs,
          leaseEndsAtMs,
        ]),
      ])
      .filter(isAhead);
    const expiries = states
      .map(({ expiresAtSeconds }) => (expiresAtSeconds + 1) * 1000)
      .filter((moment) => bounds.expiry && isAhead(moment));
    const moments = [...ends, ...expiries, scheduler.nowMs + 1];
    const picked = choices.pick([...ends.map(() => 4), ...expiries.map(() => 3), 2]);
    advanceTo(moments[picked] ?? scheduler.nowMs);
  }

  function advanceTo(moment: number): void {
    scheduler.nowMs = moment;
    world.tell(undefined, 'time goes on');
  }

  /** What those find who come when everything is over: a place each, as many as there are. */
  async function probe(): Promise<void> {
    world.faultsLeft = 0;
    const states = await locks.states();
    const leases = states.flatMap(({ holders }) => Object.values(holders).map((one) => one.leaseEndsAtMs));
    advanceTo(Math.max(scheduler.nowMs, ...leases));
    for (const resource of new Set(contenders.map((contender) => contender.resource))) {
      const probes: Contender[] = [];
      for (let index = 0; index < world.permits; index += 1) {
        probes.push(
          come({
            number: contenders.length + 1,
            resource,
            permits: world.permits,
            skewMs: 0,
            style: 'acquire',
            waitMs: PROBE_WAIT_MS,
          }),
        );
      }
      await scheduler.settle();
      while (probes.some(({ ended }) => !ended) && steps++ <= STEPS_MAX) await take(0);
      if (checker.violation !== undefined) return;
      const granted = probes.filter(({ outcome }) => outcome === 'done').length;
      checker.probed(resource, granted, world.permits);
    }
  }
}
