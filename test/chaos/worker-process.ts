/** A worker as the driver sees it: a process that is started, frozen, thawed and killed. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../support/child-environment.ts';
import type { Note, WorkerMessage } from './journal.ts';
import type { WorkerSettings } from './worker.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** So long may the load of its modules take on a machine that does ten other things. */
const LISTENS_WITHIN_MS = 60_000;

export type WorkerState = 'starting' | 'serving' | 'frozen' | 'dead';

export class WorkerProcess {
  readonly name: string;
  /** Resolves when it listens. Rejects if it ends before, or takes too long. */
  readonly listening: Promise<void>;
  /** Resolves when the process is gone, to whether we have killed it. */
  readonly exited: Promise<{ readonly wasKilled: boolean; readonly end: string }>;
  /** Requests that it has read and not answered. */
  readonly inFlight = new Set<number>();
  #state: WorkerState = 'starting';
  #port: number | undefined;
  #wasKilled = false;
  readonly #process: ChildProcess;

  constructor(settings: WorkerSettings, onNote: (note: Note) => void) {
    this.name = settings.name;
    this.#process = fork(WORKER, [JSON.stringify(settings)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: childEnvironment(),
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.#state = 'dead';
        resolve({ wasKilled: this.#wasKilled, end: signal ?? `code ${code}` });
      });
    });
    this.listening = this.#listen(onNote);
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Where a client may try: a frozen worker looks like any other from outside. */
  get port(): number | undefined {
    return this.#state === 'serving' || this.#state === 'frozen' ? this.#port : undefined;
  }

  kill(): void {
    this.#wasKilled = true;
    this.#process.kill('SIGKILL');
  }

  /**
   * Stops it for `ms`. Resolves when it goes on. A process of its own sees to that: should this one die meanwhile,
   * the worker is not left frozen for good, goes on, and ends because nobody is there.
   */
  async freeze(ms: number): Promise<void> {
    const thaw = spawn(
      '/bin/sh',
      ['-c', 'sleep "$1"; kill -CONT "$2"', 'thaw', String(ms / 1000), String(this.#process.pid)],
      {
        stdio: 'ignore',
      },
    );
    this.#state = 'frozen';
    this.#process.kill('SIGSTOP');
    await new Promise<void>((resolve, reject) => {
      thaw.once('exit', () => resolve());
      thaw.once('error', reject);
    });
    if (this.#state === 'frozen') this.#state = 'serving';
  }

  #listen(onNote: (note: Note) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
        reject(new Error(`Worker ${this.name} did not listen within ${LISTENS_WITHIN_MS} ms.`));
      }, LISTENS_WITHIN_MS);
      void this.exited.then(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#process.on('message', (message: WorkerMessage) => {
        if (message.kind === 'listening') {
          clearTimeout(timer);
          this.#port = message.port;
          this.#state = 'serving';
          resolve();
        } else {
          this.#follow(message.note);
          onNote(message.note);
        }
      });
    });
  }

  #follow({ request, what }: Note): void {
    if (what === 'arrived') this.inFlight.add(request);
    if (what === 'answered') this.inFlight.delete(request);
  }
}
