/** The fleet: so many workers, each started again after it was killed. */

import type { FrontDoor } from './contenders.ts';
import type { JournalEntry } from './journal.ts';
import type { WorkerSettings } from './worker.ts';
import { WorkerProcess } from './worker-process.ts';

/** Told of every note, as it comes in. */
export type NoteListener = (entry: JournalEntry, worker: WorkerProcess) => void;

export class WorkerPool {
  readonly journal: JournalEntry[] = [];
  readonly #workers: WorkerProcess[];
  readonly #settings: Omit<WorkerSettings, 'name' | 'frontDoor' | 'slot'>;
  readonly #frontDoors: readonly FrontDoor[];
  readonly #listeners = new Set<NoteListener>();
  #generation = 0;
  #isClosed = false;
  #fail: (error: Error) => void = () => {};
  /** Rejects when a worker ends by itself: whatever the run was to show, it does not. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  /** The front doors are dealt out in turn, so that they meet on one key. */
  constructor(
    size: number,
    frontDoors: readonly FrontDoor[],
    settings: Omit<WorkerSettings, 'name' | 'frontDoor' | 'slot'>,
  ) {
    this.#frontDoors = frontDoors;
    this.#settings = settings;
    this.failed.catch(() => {}); // Whoever waits for the run hears of it; until then nobody may.
    this.#workers = Array.from({ length: size }, (_, slot) => this.#start(slot));
  }

  async ready(): Promise<void> {
    await Promise.all(this.#workers.map(({ listening }) => listening));
  }

  /** What a load balancer knows: frozen ones included. */
  get reachable(): readonly WorkerProcess[] {
    return this.#workers.filter(({ port }) => port !== undefined);
  }

  get serving(): readonly WorkerProcess[] {
    return this.#workers.filter(({ state }) => state === 'serving');
  }

  get isIdle(): boolean {
    return this.#workers.every(({ state, inFlight }) => state === 'serving' && inFlight.size === 0);
  }

  listen(listener: NoteListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Kills what is left. */
  close(): void {
    this.#isClosed = true;
    for (const worker of this.#workers) worker.kill();
  }

  #start(slot: number): WorkerProcess {
    this.#generation += 1;
    const name = `${slot + 1}.${this.#generation}`;
    const frontDoor = this.#frontDoors[slot % this.#frontDoors.length];
    if (frontDoor === undefined) throw new Error('Workers need a front door.');
    const worker = new WorkerProcess({ ...this.#settings, name, frontDoor, slot }, (note) => {
      const entry = { ...note, worker: name };
      this.journal.push(entry);
      for (const listener of this.#listeners) listener(entry, worker);
    });
    worker.listening.catch(this.#fail);
    void worker.exited.then(({ wasKilled, end }) => {
      if (this.#isClosed) return;
      if (!wasKilled) this.#fail(new Error(`Worker ${name} ended by itself: ${end}.`));
      else this.#workers[slot] = this.#start(slot);
    });
    return worker;
  }
}
