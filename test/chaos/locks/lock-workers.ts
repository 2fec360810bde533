/** The worker processes as the driver sees them: started, frozen, thawed, killed and replaced. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../support/child-environment.ts';
import type { HolderNote } from './holding.ts';
import type { LockWorkerSettings } from './lock-worker-settings.ts';

const WORKER = fileURLToPath(new URL('./lock-worker.ts', import.meta.url));

interface Running {
  readonly name: string;
  readonly process: ChildProcess;
  readonly serving: Promise<void>;
  readonly exited: Promise<void>;
  isFrozen: boolean;
  isGone: boolean;
  isServing: boolean;
}

export class LockWorkers {
  readonly #settings: Omit<LockWorkerSettings, 'name'>;
  readonly #onNote: (worker: string, note: HolderNote) => void;
  #running: Running[] = [];
  #started = 0;
  #isStopping = false;

  constructor(
    settings: Omit<LockWorkerSettings, 'name'>,
    onNote: (worker: string, note: HolderNote) => void,
  ) {
    this.#settings = settings;
    this.#onNote = onNote;
    process.once('exit', () => {
      for (const worker of this.#running) worker.process.kill('SIGKILL');
    });
  }

  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#startOne().serving));
  }

  /** Those that can be struck. */
  get awake(): readonly string[] {
    return this.#running
      .filter(({ isServing, isFrozen, isGone }) => isServing && !isFrozen && !isGone)
      .map(({ name }) => name);
  }

  /** Kills it, and starts another one in its place. */
  async kill(name: string): Promise<void> {
    const worker = this.#of(name);
    worker.isGone = true;
    worker.process.kill('SIGKILL');
    await worker.exited;
    if (!this.#isStopping) this.#startOne();
  }

  /**
   * Stops it for `ms`. A process of its own lets it go on: should this one die meanwhile, the worker is not left frozen for
   * good, and ends because nobody is there.
   */
  async freeze(name: string, ms: number): Promise<void> {
    const worker = this.#of(name);
    const seconds = String(ms / 1000);
    const thaw = spawn(
      '/bin/sh',
      ['-c', 'sleep "$1"; kill -CONT "$2"', 'thaw', seconds, String(worker.process.pid)],
      { stdio: 'ignore' },
    );
    worker.isFrozen = true;
    worker.process.kill('SIGSTOP');
    await new Promise<void>((resolve, reject) => {
      thaw.once('exit', () => resolve());
      thaw.once('error', reject);
    });
    worker.isFrozen = false;
  }

  /** Lets each finish what it is at. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running.map(({ serving }) => serving));
    for (const { process: child, isGone } of this.#running) if (!isGone) child.send('stop');
    await Promise.all(this.#running.map(({ exited }) => exited));
  }

  #of(name: string): Running {
    const worker = this.#running.find((one) => one.name === name);
    if (worker === undefined) throw new Error(`There is no worker ${name}.`);
    return worker;
  }

  #startOne(): Running {
    this.#started += 1;
    const name = `w${this.#started}`;
    const child = fork(WORKER, [JSON.stringify({ ...this.#settings, name })], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: childEnvironment(),
    });
    let serve = () => {};
    const serving = new Promise<void>((resolve) => {
      serve = resolve;
    });
    const exited = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        worker.isGone = true;
        serve();
        resolve();
        if (signal === null && code !== 0) throw new Error(`Worker ${name} ended with ${code}.`);
      });
    });
    const worker: Running = {
      name,
      process: child,
      serving,
      exited,
      isFrozen: false,
      isGone: false,
      isServing: false,
    };
    child.on('message', (note: HolderNote) => {
      worker.isServing = true;
      serve();
      this.#onNote(name, note);
    });
    this.#running = [...this.#running, worker];
    return worker;
  }
}
