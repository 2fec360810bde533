/** Clients at work: so many operations at a time, each from its first request to the last look at its key. */
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/until.ts';
import type { Clients } from './client.ts';
import type { Killer } from './killer.ts';
import { LEASE_MS, type Operation } from './plan.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Operations that are under way at a time. */
const LANES = 8;
/** Frozen workers go on and finish, and killed ones are back. */
const IDLE_WITHIN_MS = 60_000;
/** A handler that has been asked to run may die before it does. */
const RUNS_WITHIN_MS = 5_000;

export interface DriverOptions {
  readonly operations: readonly Operation[];
  readonly clients: Clients;
  readonly killer: Killer;
  readonly pool: WorkerPool;
  readonly onProgress: (operations: number) => void;
}

export async function drive(options: DriverOptions): Promise<void> {
  const { operations, clients, killer, pool, onProgress } = options;
  let done = 0;
  await inLanes(operations, async (operation) => {
    await killer.admit(operation.number);
    await play(operation, clients, pool);
    done += 1;
    onProgress(done);
    await pause(operation.thinkMs);
  });
}

/** One more request for each key when nobody is killed any more and every lease is over. */
export async function lookAtEveryKey({ operations, clients, pool }: DriverOptions): Promise<void> {
  await until('all workers are back and idle', () => pool.isIdle, IDLE_WITHIN_MS);
  await pause(LEASE_MS);
  await inLanes(operations, async (operation) => {
    await clients.send(operation, 'last look');
  });
  await until('all workers are idle', () => pool.isIdle, IDLE_WITHIN_MS);
}

async function play(operation: Operation, clients: Clients, pool: WorkerPool): Promise<void> {
  const { mismatch, isRepeated, senders } = operation;
  const sends = Array.from({ length: senders }, (_, index) =>
    clients.send(operation, 'operation', { sender: index + 1 }),
  );
  const running = mismatch === 'while it runs' ? sendOtherOnceItRuns(operation, clients, pool) : undefined;
  const answers = await Promise.all(sends);
  await running;
  const isAnswered = answers.some((answer) => answer?.kind === 'result');
  if (isAnswered && mismatch === 'when it is answered') await sendOther(operation, clients);
  if (isAnswered && isRepeated) await clients.send(operation, 'repetition');
}

/** The key with another payload, which must be refused. */
async function sendOther(operation: Operation, clients: Clients): Promise<void> {
  const body = { ...operation.body, sku: 'dates' };
  await clients.send(operation, 'mismatch', { body });
}

/** Not before: the first payload that comes with a key is the key's own. */
async function sendOtherOnceItRuns(operation: Operation, clients: Clients, pool: WorkerPool): Promise<void> {
  const begun = await new Promise<boolean>((resolve) => {
    const end = (hasBegun: boolean) => {
      clearTimeout(timer);
      stopListening();
      resolve(hasBegun);
    };
    const timer = setTimeout(() => end(false), RUNS_WITHIN_MS);
    const stopListening = pool.listen(({ what, request }) => {
      if (what === 'handler begun' && clients.keyOf(request) === operation.key) end(true);
    });
  });
  if (begun) await sendOther(operation, clients);
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
