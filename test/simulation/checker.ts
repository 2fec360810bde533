/**
 * The promises, stated over what happened. It sees the table before and after each write, each start of the
 * handler, each effect and each answer; it knows the true time, which no invocation does.
 */
import type { IdempotencyRecord } from '../../lib/index.ts';
import type { Databases } from './databases.ts';
import type { Answer, Sender } from './invocation.ts';
import { type Life, Lives, type RunOfKey } from './lives.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedTable } from './simulated-table.ts';
import { needsTransactions, type StoreOperation, type WhenUncertain, type Work } from './world.ts';

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
    "one effect a key with onUncertain 'block'; with 'retry', one more for each doubtful attempt; with a function that finds out, one more for each that came after it was asked",
  'expired counts as absent':
    'what is past its retention is not replayed, whether the table still holds it or not',
  'rows and record agree':
    'what was left to commit is there once and the key consumed, or neither; or a condition did not hold, and the key says so',
  'a long answer is whole':
    'what is kept beside the record is replayed to the last byte, or said to be missing',
  'a recorded step is final':
    'it is not run again, its result stays what it was, and its derived key is the same on every attempt',
  'one home an operation':
    'its row goes into one database, whichever servers have worked on it; and whoever is told its result finds it there',
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

export interface CheckedWorld {
  readonly scheduler: Scheduler;
  readonly table: SimulatedTable;
  readonly databases: Databases;
  /** By how much the fastest clock is ahead of the true one. */
  readonly clockSkewMs: number;
  readonly work: Work;
  readonly onUncertain: WhenUncertain;
  readonly renewsLeases: boolean;
  readonly cache: boolean;
}

export class Checker {
  #violation: Violation | undefined;
  readonly #lives = new Lives();
  readonly #keyOfRecord = new Map<string, string>();
  /** The record as each sender's last request with a reply has found or left it. */
  readonly #lastSeen = new Map<Sender, IdempotencyRecord | undefined>();
  readonly #fingerprintOf = new Map<Sender, string>();
  /** Ends of leases as the table has or had them, by owner. */
  readonly #leaseEndsMs = new Map<string, number>();
  /** From when on anybody may take them over, by the true clock. */
  readonly #freeFromMs = new Map<string, number>();
  /** Whose result a sender has found out, instead of running. */
  readonly #foundOut = new Map<Sender, number>();
  readonly #derivedKeys = new Map<string, string>();
  /** Of the operation that is being applied. */
  #rowsWritten: string[] = [];
  readonly #metCondition = new Set<Sender>();
  /** Whose chunks TTL has deleted, one at least: record and owner. */
  readonly #withoutChunks = new Set<string>();
  /** Units that were ever in stock. */
  #stocked: number;
  readonly #world: CheckedWorld;

  constructor(world: CheckedWorld) {
    this.#world = world;
    this.#stocked = world.table.left;
    world.table.onRow = (key) => this.#rowsWritten.push(key);
  }

  /** The first broken promise. It is kept and not thrown: the library would take it for a failure of the store. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** All that later judgements depend on. */
  get state(): string {
    return JSON.stringify([
      this.#lives.state,
      [...this.#foundOut].map(([sender, number]) => [sender.number, number]),
      this.#world.databases.state,
    ]);
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
    for (const key of this.#rowsWritten) this.#lives.current(key).rows += 1;
    this.#rowsWritten = [];
    this.#checkRows(sender.key);
  }

  /** The reply to its request is on the way to `sender`, and says what the table holds now. */
  looked(sender: Sender): void {
    const { records } = this.#world.table;
    const own = records.find(({ owner }) => sender.owners.has(owner));
    if (own !== undefined) this.#fingerprintOf.set(sender, own.fingerprint);
    this.#lastSeen.set(
      sender,
      records.find(({ id }) => id === sender.recordId),
    );
  }

  runStarted(sender: Sender): void {
    const life = this.#lives.current(sender.key);
    // Without a lock, duplicates run beside each other; only one of them is ever applied.
    if (this.#world.work !== 'single write') this.#checkLock(sender, 'runs');
    overtake(life);
    life.runs.push({ sender, settled: false, effects: 0, overtaken: false });
  }

  /** The function of `onUncertain` is asked what became of the attempts before. */
  asked(sender: Sender): void {
    this.#checkLock(sender, 'asks');
    overtake(this.#lives.current(sender.key));
  }

  /** What an honest look comes to: the run that has taken effect by now, if any. */
  effectOf(key: string): Sender | undefined {
    return this.#lives.current(key).runs.find(({ effects }) => effects > 0)?.sender;
  }

  foundOut(sender: Sender, run: Sender): void {
    this.#foundOut.set(sender, run.number);
  }

  sleeps(sender: Sender, ms: number): void {
    if (ms > 0 && this.#world.scheduler.nowMs + ms >= sender.deadlineMs) {
      this.#fail('a wait ends in time', `send ${sender.number} sleeps ${ms} ms, and has less`);
    }
  }

  tookEffect(sender: Sender): void {
    const found = this.#lives.runOf(sender);
    if (found === undefined) return;
    found.run.effects += 1;
    if (found.run.overtaken) found.life.lateEffects += 1;
  }

  /** A row of `sender` is new in one of the servers' databases. */
  rowPut(sender: Sender, database: number): void {
    this.tookEffect(sender);
    const found = this.#lives.runOf(sender);
    if (found === undefined) return;
    const { databases } = found.life;
    databases.add(database);
    if (databases.size > 1) {
      this.#fail('one home an operation', `key ${sender.key} has rows in ${databases.size} databases`);
    }
  }

  stepStarted(sender: Sender, name: string, derivedKey: string): void {
    const record = this.#recordOf(sender);
    // Whatever the time: a step of a lost lease is not run.
    if (record?.status !== 'INPROGRESS' || !sender.owners.has(record.owner)) {
      this.#fail('no record, no run', `send ${sender.number} begins step ${name} under ${nameOf(record)}`);
    }
    if (this.#lives.runOf(sender)?.life.steps.has(name)) {
      this.#fail('a recorded step is final', `send ${sender.number} runs step ${name} again`);
    }
    const place = `${sender.recordId} ${name}`;
    const known = this.#derivedKeys.get(place) ?? derivedKey;
    this.#derivedKeys.set(place, known);
    if (known !== derivedKey) {
      this.#fail('a recorded step is final', `send ${sender.number} has another key for step ${name}`);
    }
  }

  stepReturned(sender: Sender, name: string, result: unknown): void {
    // Where all retention was over meanwhile, it may be recorded in the next life of the key.
    const recorded = this.#lives.of(sender.key).map(({ steps }) => steps.get(name));
    if (!recorded.includes(JSON.stringify(result))) {
      this.#fail(
        'a recorded step is final',
        `step ${name} of send ${sender.number} gives ${result}, and recorded is ${recorded.join(', ')}`,
      );
    }
  }

  /** It was told that a condition of its writes did not hold. */
  conditionFailed(sender: Sender): void {
    this.#metCondition.add(sender);
  }

  restocked(): void {
    this.#stocked += 1;
  }

  answered(sender: Sender, answer: Answer): void {
    if (answer.kind === 'failed') return;
    if (answer.kind === 'refused') {
      this.#checkRefusal(sender, answer.code);
      return;
    }
    if (!answer.isWhole) {
      this.#fail('a long answer is whole', `send ${sender.number} is answered with a part of a result`);
    }
    if (answer.payload !== sender.payload) {
      this.#fail(
        'one payload a key',
        `body ${sender.payload} is answered with a result for ${answer.payload}`,
      );
    }
    const hasRow = this.#lives.of(sender.key).some(({ databases }) => databases.size > 0);
    if (this.#world.work === 'home step' && !hasRow) {
      this.#fail('one home an operation', `send ${sender.number} is answered, and its row is nowhere`);
    }
    this.#checkResult(sender, answer);
  }

  #checkRefusal(sender: Sender, code: string): void {
    // Once its lease is over, its lock is nobody's, and whoever has slept over it is told to come again.
    const isOver = this.#world.scheduler.nowMs + sender.skewMs >= this.#leaseEndMs(sender);
    if (code === 'IN_PROGRESS' && sender.holdsLock && !isOver) {
      this.#fail('a lost reply is no conflict', `send ${sender.number} is refused for its own lock`);
    }
    if (code === 'INCONSISTENT') {
      this.#fail(
        'expired counts as absent',
        `send ${sender.number} is told that its record is gone, and not run`,
      );
    }
    const isMissing = this.#livesMetBy(sender).some(({ answerIsMissing }) => answerIsMissing);
    if (code === 'RESULT_NOT_RECORDED' && !isMissing) {
      this.#fail('a long answer is whole', `send ${sender.number} is told that it is missing`);
    }
  }

  /** Everything has ended and every lease is over; `probe` was sent without any fault. */
  probed(probe: Sender, answer: Answer): void {
    const usable =
      answer.kind === 'result' ||
      (answer.kind === 'refused' &&
        ['PAYLOAD_MISMATCH', 'OUTCOME_UNKNOWN', 'RESULT_NOT_RECORDED'].includes(answer.code));
    if (!usable) {
      this.#fail(
        'no key is stuck',
        `after all leases, send ${probe.number} still gets ${JSON.stringify(answer)}`,
      );
    }
  }

  /** TTL has deleted a record that was past its retention, or a chunk. */
  ttlDeleted(id: string): void {
    const [recordId = '', chunk] = id.split('#chunk#');
    const key = this.#keyOfRecord.get(recordId);
    if (chunk === undefined) {
      if (key !== undefined) this.#forgotten(key);
      return;
    }
    const owner = chunk.split('#')[0] ?? '';
    this.#withoutChunks.add(`${recordId} ${owner}`);
    // A chunk may go before there was ever a record.
    const lives = key === undefined ? [] : this.#lives.of(key);
    for (const life of lives) if (life.completedBy === owner) life.answerIsMissing = true;
  }

  #forgotten(key: string): void {
    const { completedAs, expiresAtSeconds = 0 } = this.#lives.current(key);
    const { scheduler, clockSkewMs } = this.#world;
    const earlyByMs = expiresAtSeconds * 1000 - clockSkewMs - scheduler.nowMs;
    if (completedAs !== undefined && earlyByMs > 0) {
      this.#fail('completed is final', `the record of key ${key} is gone ${earlyByMs} ms before its time`);
    }
    this.#endLife(key);
  }

  checkEffects(): void {
    for (const [key, life] of this.#lives.all) this.#checkEffectsOf(key, life);
  }

  #checkEffectsOf(key: string, { runs, lateEffects }: Life): void {
    let effects = 0;
    let doubtful = 0;
    for (const run of runs) {
      effects += run.effects;
      const told = run.sender.events.at(-1);
      // It may give its key back only if it had no effect.
      const isKnown = told === 'completed' || told === 'released' || told === 'suspended';
      if (run.effects > 0 && !isKnown) doubtful += 1;
    }
    const more = { block: 0, retry: doubtful, 'find out': lateEffects }[this.#world.onUncertain];
    if (effects > 1 + more) this.#fail('effects are bounded', `key ${key} took effect ${effects} times`);
  }

  /** At every moment, and not only in the end. */
  #checkRows(key: string): void {
    const { work } = this.#world;
    if (!needsTransactions(work)) return;
    const { rows, completedAs, soldOut } = this.#lives.current(key);
    if (rows !== (completedAs === undefined || soldOut ? 0 : 1)) {
      const record = completedAs === undefined ? 'is not consumed' : `is consumed by send ${completedAs}`;
      this.#fail('rows and record agree', `key ${key} has ${rows} rows, and ${record}`);
    }
    const { left } = this.#world.table;
    const sold = this.#lives.all.reduce((sum, [, life]) => sum + life.rows, 0);
    if (left < 0 || sold + left !== this.#stocked) {
      this.#fail(
        'rows and record agree',
        `of ${this.#stocked} units ${sold} were sold, and ${left} are left`,
      );
    }
  }

  /** Past its deadline there is no live lease to speak of: only a frozen process gets here. */
  #checkLock(sender: Sender, does: 'runs' | 'asks'): void {
    const { nowMs } = this.#world.scheduler;
    if (nowMs >= sender.deadlineMs) return;
    if (this.#lives.current(sender.key).completedAs !== undefined) {
      this.#fail('completed is final', `send ${sender.number} ${does}, and the key is consumed`);
    }
    for (const run of this.#lives.runsOf(sender.key)) {
      if (!run.settled && nowMs < this.#liveUntilMs(run)) {
        this.#fail(
          'one live lease',
          `send ${sender.number} ${does} while send ${run.sender.number} may still be running`,
        );
      }
    }
    const record = this.#recordOf(sender);
    if (record?.status !== 'INPROGRESS' || !sender.owners.has(record.owner)) {
      this.#fail('no record, no run', `send ${sender.number} ${does} under ${nameOf(record)}`);
    }
  }

  /**
   * By the true clock. A lease that lasts as long as the invocation ends with it; a shorter one is over, to its owner,
   * before anybody may take it over.
   */
  #liveUntilMs({ sender }: RunOfKey): number {
    if (!this.#world.renewsLeases) return sender.deadlineMs;
    const freeFromMs = [...sender.owners].map((owner) => this.#freeFromMs.get(owner) ?? 0);
    return Math.min(sender.deadlineMs, Math.max(0, ...freeFromMs));
  }

  /** As the table has or had it, by the clock of whoever looks. */
  #leaseEndMs({ owners }: Sender): number {
    return Math.max(0, ...[...owners].map((owner) => this.#leaseEndsMs.get(owner) ?? 0));
  }

  #changed(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    const latestMs = this.#world.scheduler.nowMs + this.#world.clockSkewMs;
    const expired = before !== undefined && before.expiresAtSeconds < Math.floor(latestMs / 1000);
    const isNew = operation === 'acquire' || operation === 'putCompleted';
    this.#keyOfRecord.set((before ?? after)?.id ?? '', sender.key);
    if (expired && isNew) this.#endLife(sender.key);
    const freeFromMs = this.#freeFromMs.get(before?.owner ?? '') ?? 0;
    if (after?.status === 'INPROGRESS') {
      this.#leaseEndsMs.set(after.owner, after.leaseEndsAtMs);
      this.#freeFromMs.set(after.owner, this.#world.table.clocks.mayBeTakenOverFromMs(after));
    }
    if (before?.status === 'COMPLETED' && !expired) {
      this.#fail('completed is final', `${operation} of send ${sender.number} changes it`);
    }
    if (isNew) {
      if (before !== undefined && !expired) {
        this.#fail(
          'only the owner writes',
          `${operation} of send ${sender.number} goes over ${nameOf(before)}`,
        );
      }
    } else if (operation === 'takeOver') {
      this.#tookOver(sender, before, after, freeFromMs);
    } else {
      this.#changedByOwner(sender, operation, before, after);
    }
    if (!isNew) this.#checkSteps(sender, operation, before, after);
    if (after?.status === 'COMPLETED') this.#completed(sender, operation, after);
  }

  #completed(sender: Sender, operation: StoreOperation, record: IdempotencyRecord): void {
    const { id, owner, expiresAtSeconds } = record;
    const { table, work } = this.#world;
    const life = this.#lives.current(sender.key);
    life.completedAs = this.#foundOut.get(sender) ?? sender.number;
    life.completedBy = owner;
    life.expiresAtSeconds = expiresAtSeconds;
    life.countsUntilMs = table.clocks.countsUntilMs(record);
    life.soldOut = needsTransactions(work) && this.#rowsWritten.length === 0;
    if (life.soldOut && !this.#metCondition.has(sender)) {
      this.#fail(
        'rows and record agree',
        `${operation} of send ${sender.number} consumes the key without its row`,
      );
    }
    const hasLostChunks = this.#withoutChunks.has(`${id} ${owner}`);
    life.answerIsMissing = hasLostChunks || table.isTombstone(id);
    if (table.isBroken(id) && !hasLostChunks) {
      this.#fail(
        'a long answer is whole',
        `the key is consumed before the answer of send ${sender.number} is there`,
      );
    }
  }

  #tookOver(
    sender: Sender,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
    freeFromMs: number,
  ): void {
    if (before === undefined || this.#world.scheduler.nowMs < freeFromMs) {
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
  }

  #changedByOwner(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    if (before === undefined || !sender.owners.has(before.owner)) {
      this.#fail('only the owner writes', `${operation} of send ${sender.number} changes ${nameOf(before)}`);
    }
    if (after === undefined && (before?.attempt ?? 1) > 1) {
      this.#fail('attempts grow', `send ${sender.number} deletes the record of attempt ${before?.attempt}`);
    }
    const ends = after?.status !== 'INPROGRESS' || after.leaseEndsAtMs < (before?.leaseEndsAtMs ?? 0);
    const run = this.#lives.runOf(sender)?.run;
    if (run !== undefined && ends) run.settled = true;
  }

  /** What is recorded stays, until the completion drops it. */
  #checkSteps(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    if (after?.status === 'COMPLETED') return;
    for (const [name, json] of Object.entries(before?.steps ?? {})) {
      if (after?.steps?.[name] !== json) {
        this.#fail(
          'a recorded step is final',
          `${operation} of send ${sender.number} changes what step ${name} has recorded`,
        );
      }
    }
    const { steps } = this.#lives.current(sender.key);
    for (const [name, json] of Object.entries(after?.steps ?? {})) steps.set(name, json);
  }

  /** What it read may have expired since: any life counts that it has met. */
  #livesMetBy(sender: Sender): readonly Life[] {
    return this.#lives
      .of(sender.key)
      .filter(
        (life) =>
          life.endedMs === undefined || life.endedMs >= sender.arrivedMs || this.#isWarm(life, sender),
      );
  }

  #checkResult(sender: Sender, { run: resultOf, soldOut }: Extract<Answer, { kind: 'result' }>): void {
    const met = this.#livesMetBy(sender).filter((life) => life.soldOut === soldOut);
    const recorded = met.flatMap(({ completedAs }) => completedAs ?? []);
    const isOwn = resultOf === (this.#foundOut.get(sender) ?? sender.number);
    if (!recorded.includes(resultOf) && !(isOwn && this.#mayAnswerForItself(sender))) {
      this.#fail(
        'answers agree with the record',
        `send ${sender.number} is answered with ${soldOut ? '"sold out" of ' : ''}run ${resultOf}, and recorded is ${recorded.join(', ') || 'nothing'}`,
      );
    }
    if (!isOwn) this.#checkAge(sender, resultOf);
  }

  /**
   * Whoever has learned of a successor gives the successor's result. An attempt whose completion failed has learned
   * nothing: the work is done and its answer goes out, as documented, unless the work is in the same transaction. A
   * record of another payload is no successor's; the key has begun another life.
   */
  #mayAnswerForItself(sender: Sender): boolean {
    if (needsTransactions(this.#world.work)) return false;
    if (sender.events.includes('store-failed')) return true;
    const seen = this.#lastSeen.get(sender);
    if (seen === undefined || sender.owners.has(seen.owner)) return true;
    return seen.fingerprint !== this.#fingerprintOf.get(sender);
  }

  /** Where a sandbox keeps results, they are good for their time, whoever deletes the record before. */
  #isWarm({ expiresAtSeconds = 0 }: Life, { arrivedMs }: Sender): boolean {
    return this.#world.cache && arrivedMs < expiresAtSeconds * 1000;
  }

  #checkAge(sender: Sender, resultOf: number): void {
    const ends = this.#lives
      .of(sender.key)
      .flatMap(({ completedAs, countsUntilMs = 0 }) => (completedAs === resultOf ? [countsUntilMs] : []));
    if (ends.length > 0 && sender.arrivedMs >= Math.max(...ends)) {
      this.#fail('expired counts as absent', `send ${sender.number} is answered with run ${resultOf}`);
    }
  }

  #recordOf({ recordId }: Sender): IdempotencyRecord | undefined {
    return recordId === undefined ? undefined : this.#world.table.record(recordId);
  }

  #endLife(key: string): void {
    this.#lives.end(key, this.#world.scheduler.nowMs);
  }

  #fail(invariant: Invariant, what: string): void {
    this.#violation ??= new Violation(invariant, what);
  }
}

function overtake({ runs }: Life): void {
  for (const run of runs) run.overtaken = true;
}

function nameOf(record: IdempotencyRecord | undefined): string {
  return record === undefined ? 'no record' : `the ${record.status} record of attempt ${record.owner}`;
}
