/** A process that takes the mutex and the semaphore in turn, for as long as it is left alive. */
import { setTimeout as pause } from 'node:timers/promises';
import { isIdempotencyError } from '../../../lib/index.ts';
import { createEngineClient } from '../../../lib/local/engine-client.ts';
import { createLocks, type Grant, type Lock } from '../../../lib/locks/index.ts';
import { FencedCounter, isRefusedByFence } from './counter.ts';
import type { HolderNote } from './holding.ts';
import type { LockWorkerSettings } from './lock-worker-settings.ts';

const WAIT_MS = 20_000;
const INCREMENT_MOST_MS = 60;
/** Long enough for all places to be taken at a time. */
const IDLE_MOST_MS = 500;
/** The mutex would otherwise be what everybody waits for. */
const SEMAPHORES_A_MUTEX = 3;

const settings = JSON.parse(process.argv[2] ?? '') as LockWorkerSettings; // What the driver hands over.
const client = createEngineClient(settings.endpoint);
const counter = new FencedCounter(client, settings.counterTable);
const { leaseMs, clockSkewMs, mutant } = settings;

let resource = '';
const locks = createLocks({
  tableName: settings.locksTable,
  client,
  leaseMs,
  clockSkewMs,
  onEvent: (event) => {
    if (event.type !== 'renewed') return;
    const { fencingToken } = event;
    const leaseEndsAtMs = event.leaseEndsAtMs - clockSkewMs;
    void tell({ kind: 'renewed', resource, fencingToken, atMs: Date.now(), leaseEndsAtMs });
  },
});

let isStopping = false;
process.on('message', () => {
  isStopping = true;
});
process.on('disconnect', () => process.exit());

await tell({ kind: 'serving' });
while (!isStopping) {
  await contend('mutex', locks.mutex('mutex'));
  for (let turn = 0; turn < SEMAPHORES_A_MUTEX && !isStopping; turn += 1) {
    await contend('semaphore', locks.semaphore('semaphore', settings.permits));
  }
}
client.destroy();
process.disconnect();

async function contend(name: string, lock: Lock): Promise<void> {
  resource = name;
  try {
    if (mutant === 'no-lock') await work(name, pretended());
    else await lock.use((grant) => work(name, grant), { waitMs: WAIT_MS });
  } catch (error) {
    // Told already, as what the work came to.
    if (isIdempotencyError(error) && error.code === 'LEASE_LOST') return;
    await tell({
      kind: 'not-granted',
      resource: name,
      code: isIdempotencyError(error) ? error.code : String(error),
    });
  }
}

/** It looks at no signal, as code that was never written for locks: what it does too late is the resource's to refuse. */
async function work(name: string, grant: Grant): Promise<void> {
  const { fencingToken, leaseEndsAtMs } = grant;
  const atMs = Date.now();
  await tell({ kind: 'granted', resource: name, fencingToken, atMs, leaseEndsAtMs });
  const write = name === 'mutex' ? await increment(fencingToken) : await idle();
  await tell({ kind: 'ended', resource: name, fencingToken, atMs: Date.now(), write });
}

async function increment(fencingToken: number): Promise<'applied' | 'refused' | 'failed'> {
  try {
    const amount = await counter.begin(fencingToken);
    await busy(INCREMENT_MOST_MS);
    await counter.write(fencingToken, amount + 1, { isFenced: mutant !== 'unfenced' });
    return 'applied';
  } catch (error) {
    return isRefusedByFence(error) ? 'refused' : 'failed';
  }
}

async function idle(): Promise<'applied'> {
  await busy(IDLE_MOST_MS);
  return 'applied';
}

function busy(mostMs: number): Promise<void> {
  return pause(mostMs * Math.random());
}

/** As if it had been granted one. */
function pretended(): Grant {
  const fencingToken = Date.now() * 1000 + Math.floor(Math.random() * 1000);
  const { signal } = new AbortController();
  const done = async () => {};
  return {
    fencingToken,
    owner: 'nobody',
    leaseEndsAtMs: Date.now() + leaseMs,
    signal,
    renew: done,
    release: done,
  };
}

/** Resolves when it has left this process. */
function tell(note: HolderNote): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('Nobody is there to be told.');
    process.send(note, () => resolve());
  });
}
