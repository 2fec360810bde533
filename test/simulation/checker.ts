/**
 * The promises, stated over what happened. It sees the table before and after each write, each start of the
 * handler, each effect and each answer; it knows the true time, which no invocation does.
 */
import type { IdempotencyRecord } from '../../lib/index.ts';
import type { Answer, Sender } from './invocation.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedTable } from './simulated-table.ts';
import type { StoreOperation } from './world.ts';

export const INVARIANTS = {
  'one live lease': 'no second attempt runs, or takes over, while the lease of another one lives',
  'only the owner writes': 'nothing but its owner changes a record that counts',
  'completed is final': 'a completed record is changed by nobody, and no handler runs under it',
  'no record, no run': 'a handler runs only while the record names it as the owner',
  'a lost reply is no conflict': 'an attempt is not refused for a lock that is its own',
  'one payload a key': 'a body is never answered with the result of another one, nor takes over its record',
  'answers agree with the record':
    'a replay is the recorded result, and nobody who lost the lease answers otherwise',
  'attempts grow': 'each takeover counts the attempt up by one',
  'effects are bounded':
    "one effect a key with onUncertain 'block'; with 'retry', one more for each doubtful attempt",
  'a wait ends in time': 'nobody sleeps into the end of its invocation',
  'no key is stuck': 'once all leases are over, the key can be used, or is known to be in doubt',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export class Violation extends Error {
  readonly invariant: Invariant;
  constructor(invariant: Invariant, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

interface RunOfKey {
  readonly sender: Sender;
  /** It gave its lock back or consumed its key, by a write that was applied. */
  settled: boolean;
  effects: number;
}

/** What is known of one record, for as long as the table holds it. */
interface KeyState {
  runs: RunOfKey[];
  completedBy: RunOfKey | undefined;
}

export class Checker {
  #violation: Violation | undefined;
  readonly #keys = new Map<string, KeyState>();
  readonly #scheduler: Scheduler;
  readonly #table: SimulatedTable;
  readonly #clockSkewMs: number;
  readonly #mayRunAgain: boolean;

  constructor(world: {
    readonly scheduler: Scheduler;
    readonly table: SimulatedTable;
    /** By how much the fastest clock is ahead of the true one. */
    readonly clockSkewMs: number;
    readonly mayRunAgain: boolean;
  }) {
    this.#scheduler = world.scheduler;
    this.#table = world.table;
    this.#clockSkewMs = world.clockSkewMs;
    this.#mayRunAgain = world.mayRunAgain;
  }

  /** The first broken promise. It is kept and not thrown: the library would take it for a failure of the store. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** All that later judgements depend on. */
  get state(): string {
    return JSON.stringify(
      [...this.#keys].map(([key, { runs, completedBy }]) => [
        key,
        completedBy?.sender.number,
        runs.map(({ sender, settled, effects }) => [sender.number, settled, effects]),
      ]),
    );
  }

  /** A write reached the table; with equal records before and after, it was refused. */
  applied(
    sender: Sender,
    operation: StoreOperation,
    before: readonly IdempotencyRecord[],
    after: readonly IdempotencyRecord[],
  ): void {
    const ids = new Set([...before, ...after].map(({ id }) => id));
    for (const id of ids) {
      const old = before.find((record) => record.id === id);
      const current = after.find((record) => record.id === id);
      if (old !== current) this.#changed(sender, operation, old, current);
    }
  }

  async runStarted(sender: Sender): Promise<void> {
    const { recordId, key } = sender;
    const record = recordId === undefined ? undefined : await this.#table.read(recordId);
    const state = this.#keyState(key);
    // Past its deadline there is no live lease to speak of: only a frozen process gets here.
    if (this.#scheduler.nowMs < sender.deadlineMs) {
      if (state.completedBy !== undefined) {
        this.#fail('completed is final', `send ${sender.number} runs a key that is consumed`);
      }
      for (const run of state.runs) {
        if (!run.settled && this.#scheduler.nowMs < run.sender.deadlineMs) {
          this.#fail(
            'one live lease',
            `send ${sender.number} runs while send ${run.sender.number} may still be running`,
          );
        }
      }
      if (record?.status !== 'INPROGRESS' || !sender.owners.has(record.owner)) {
        this.#fail('no record, no run', `send ${sender.number} runs under ${nameOf(record)}`);
      }
    }
    state.runs.push({ sender, settled: false, effects: 0 });
  }

  sleeps(sender: Sender, ms: number): void {
    if (ms > 0 && this.#scheduler.nowMs + ms >= sender.deadlineMs) {
      this.#fail('a wait ends in time', `send ${sender.number} sleeps ${ms} ms, and has less`);
    }
  }

  tookEffect(sender: Sender): void {
    const run = this.#runOf(sender);
    if (run !== undefined) run.effects += 1;
  }

  answered(sender: Sender, answer: Answer): void {
    if (answer.kind === 'failed') return;
    if (answer.kind === 'refused') {
      if (answer.code === 'IN_PROGRESS' && sender.holdsLock) {
        this.#fail('a lost reply is no conflict', `send ${sender.number} is refused for its own lock`);
      }
      return;
    }
    if (answer.payload !== sender.payload) {
      this.#fail(
        'one payload a key',
        `body ${sender.payload} is answered with a result for ${answer.payload}`,
      );
    }
    this.#checkResult(sender, answer.run);
  }

  /** Everything has ended and every lease is over; `probe` was sent without any fault. */
  probed(probe: Sender, answer: Answer): void {
    const usable =
      answer.kind === 'result' ||
      (answer.kind === 'refused' && ['PAYLOAD_MISMATCH', 'OUTCOME_UNKNOWN'].includes(answer.code));
    if (!usable) {
      this.#fail(
        'no key is stuck',
        `after all leases, send ${probe.number} still gets ${JSON.stringify(answer)}`,
      );
    }
  }

  /** The retention of everything is over: the next request with a key is a new operation. */
  forget(): void {
    this.#keys.clear();
  }

  checkEffects(): void {
    for (const [key, { runs }] of this.#keys) {
      let effects = 0;
      let doubtful = 0;
      for (const run of runs) {
        effects += run.effects;
        const told = run.sender.events.at(-1);
        if (run.effects > 0 && told !== 'completed') doubtful += 1;
      }
      const most = this.#mayRunAgain ? 1 + doubtful : 1;
      if (effects > most) this.#fail('effects are bounded', `key ${key} took effect ${effects} times`);
    }
  }

  #changed(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    const { nowMs } = this.#scheduler;
    const latestMs = nowMs + this.#clockSkewMs;
    const expired = before !== undefined && before.expiresAtSeconds < Math.floor(latestMs / 1000);
    if (before?.status === 'COMPLETED' && !expired) {
      this.#fail('completed is final', `${operation} of send ${sender.number} changes it`);
    }
    if (operation === 'acquire') {
      if (before !== undefined && !expired) {
        this.#fail('only the owner writes', `send ${sender.number} acquires over ${nameOf(before)}`);
      }
    } else if (operation === 'takeOver') {
      if (before === undefined || latestMs < before.leaseEndsAtMs) {
        this.#fail(
          'one live lease',
          `send ${sender.number} takes over ${nameOf(before)} before its lease is over`,
        );
      }
      if (before?.fingerprint !== after?.fingerprint) {
        this.#fail('one payload a key', `send ${sender.number} takes over a record of another payload`);
      }
      if (after?.attempt !== (before?.attempt ?? 0) + 1) {
        this.#fail('attempts grow', `attempt ${before?.attempt} is followed by ${after?.attempt}`);
      }
    } else {
      if (before === undefined || !sender.owners.has(before.owner)) {
        this.#fail(
          'only the owner writes',
          `${operation} of send ${sender.number} changes ${nameOf(before)}`,
        );
      }
      const run = this.#runOf(sender);
      if (run !== undefined) run.settled = true;
      if (operation === 'complete') this.#keyState(sender.key).completedBy = run;
    }
  }

  #checkResult(sender: Sender, resultOf: number): void {
    const { completedBy } = this.#keyState(sender.key);
    const recorded = completedBy?.sender.number;
    const own = resultOf === sender.number;
    // Its completion failed, or it could not know: the work is done and its answer goes out, as documented.
    const doubtful = sender.events.at(-1) === 'store-failed' || sender.events.at(-1) === 'in-doubt';
    // Nothing is left to contradict where the lock was lost to TTL or to a successor that gave it back.
    const nothingRecorded = own && sender.events.at(-1) === 'superseded' && recorded === undefined;
    if (resultOf !== recorded && !(own && doubtful) && !nothingRecorded) {
      this.#fail(
        'answers agree with the record',
        `send ${sender.number} is answered with run ${resultOf}, and recorded is ${recorded ?? 'nothing'}`,
      );
    }
  }

  #runOf(sender: Sender): RunOfKey | undefined {
    return this.#keyState(sender.key).runs.find((run) => run.sender === sender);
  }

  #keyState(key: string): KeyState {
    let state = this.#keys.get(key);
    if (state === undefined) {
      state = { runs: [], completedBy: undefined };
      this.#keys.set(key, state);
    }
    return state;
  }

  #fail(invariant: Invariant, what: string): void {
    this.#violation ??= new Violation(invariant, what);
  }
}

function nameOf(record: IdempotencyRecord | undefined): string {
  return record === undefined ? 'no record' : `the ${record.status} record of attempt ${record.owner}`;
}
