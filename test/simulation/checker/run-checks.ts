import type { Sender } from '../invocation.ts';
import { type Evidence, nameOf } from './evidence.ts';
import type { Life, RunOfKey } from './lives.ts';

/** Who may run, and what runs come to: handlers, their effects and steps, and the function of `onUncertain`. */
export class RunChecks {
  readonly #evidence: Evidence;
  readonly #derivedKeys = new Map<string, string>();

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  started(sender: Sender): void {
    const life = this.#evidence.lives.current(sender.key);
    // Without a lock, duplicates run beside each other; only one of them is ever applied.
    if (this.#evidence.world.work !== 'single write') this.#checkLock(sender, 'runs');
    overtake(life);
    life.runs.push({ sender, settled: false, effects: 0, overtaken: false });
  }

  /** The function of `onUncertain` is asked what became of the attempts before. */
  asked(sender: Sender): void {
    this.#checkLock(sender, 'asks');
    overtake(this.#evidence.lives.current(sender.key));
  }

  /** What an honest look comes to: the run that has taken effect by now, if any. */
  effectOf(key: string): Sender | undefined {
    return this.#evidence.lives.current(key).runs.find(({ effects }) => effects > 0)?.sender;
  }

  foundOut(sender: Sender, run: Sender): void {
    this.#evidence.foundOut(sender, run);
  }

  sleeps(sender: Sender, ms: number): void {
    if (ms > 0 && this.#evidence.world.scheduler.nowMs + ms >= sender.deadlineMs) {
      this.#evidence.fail('a wait ends in time', `send ${sender.number} sleeps ${ms} ms, and has less`);
    }
  }

  tookEffect(sender: Sender): void {
    const found = this.#evidence.lives.runOf(sender);
    if (found === undefined) return;
    found.run.effects += 1;
    if (found.run.overtaken) found.life.lateEffects += 1;
  }

  /** A row of `sender` is new in one of the servers' databases. */
  rowPut(sender: Sender, database: number): void {
    this.tookEffect(sender);
    const found = this.#evidence.lives.runOf(sender);
    if (found === undefined) return;
    const { databases } = found.life;
    databases.add(database);
    if (databases.size > 1) {
      this.#evidence.fail(
        'one home an operation',
        `key ${sender.key} has rows in ${databases.size} databases`,
      );
    }
  }

  stepStarted(sender: Sender, name: string, derivedKey: string): void {
    // Whatever the time: a step of a lost lease is not run.
    this.#checkOwner(sender, `begins step ${name}`);
    if (this.#evidence.lives.runOf(sender)?.life.steps.has(name)) {
      this.#evidence.fail('a recorded step is final', `send ${sender.number} runs step ${name} again`);
    }
    const place = `${sender.recordId} ${name}`;
    const known = this.#derivedKeys.get(place) ?? derivedKey;
    this.#derivedKeys.set(place, known);
    if (known !== derivedKey) {
      this.#evidence.fail(
        'a recorded step is final',
        `send ${sender.number} has another key for step ${name}`,
      );
    }
  }

  stepReturned(sender: Sender, name: string, result: unknown): void {
    // Where all retention was over meanwhile, it may be recorded in the next life of the key.
    const recorded = this.#evidence.lives.of(sender.key).map(({ steps }) => steps.get(name));
    if (!recorded.includes(JSON.stringify(result))) {
      this.#evidence.fail(
        'a recorded step is final',
        `step ${name} of send ${sender.number} gives ${result}, and recorded is ${recorded.join(', ')}`,
      );
    }
  }

  checkEffects(): void {
    for (const [key, life] of this.#evidence.lives.all) this.#checkEffectsOf(key, life);
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
    const more = { block: 0, retry: doubtful, 'find out': lateEffects }[this.#evidence.world.onUncertain];
    if (effects > 1 + more)
      this.#evidence.fail('effects are bounded', `key ${key} took effect ${effects} times`);
  }

  /** Past its deadline there is no live lease to speak of: only a frozen process gets here. */
  #checkLock(sender: Sender, does: 'runs' | 'asks'): void {
    const { nowMs } = this.#evidence.world.scheduler;
    if (nowMs >= sender.deadlineMs) return;
    if (this.#evidence.lives.current(sender.key).completedAs !== undefined) {
      this.#evidence.fail('completed is final', `send ${sender.number} ${does}, and the key is consumed`);
    }
    for (const run of this.#evidence.lives.runsOf(sender.key)) {
      if (!run.settled && nowMs < this.#liveUntilMs(run)) {
        this.#evidence.fail(
          'one live lease',
          `send ${sender.number} ${does} while send ${run.sender.number} may still be running`,
        );
      }
    }
    this.#checkOwner(sender, does);
  }

  #checkOwner(sender: Sender, does: string): void {
    const record = this.#evidence.recordOf(sender);
    if (record?.status !== 'INPROGRESS' || !sender.owners.has(record.owner)) {
      this.#evidence.fail('no record, no run', `send ${sender.number} ${does} under ${nameOf(record)}`);
    }
  }

  /**
   * By the true clock. A lease that lasts as long as the invocation ends with it; a shorter one is over, to its owner,
   * before anybody may take it over.
   */
  #liveUntilMs({ sender }: RunOfKey): number {
    if (!this.#evidence.world.renewsLeases) return sender.deadlineMs;
    return Math.min(sender.deadlineMs, this.#evidence.leases.freeFromMsOf(sender));
  }
}

function overtake({ runs }: Life): void {
  for (const run of runs) run.overtaken = true;
}
