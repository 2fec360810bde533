import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createEngineClient } from '../../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../../lib/local/tables.ts';
import { argumentsOrExit, oneOf, wholeNumber } from '../../support/run-arguments.ts';
import { Dice } from '../dice.ts';
import { ENGINES, openEngine } from '../open-engine.ts';
import { FencedCounter } from './counter.ts';
import { Holdings } from './holding.ts';
import { judgeLocks, missedByLockRun } from './lock-judge.ts';
import { LOCK_CHAOS_MUTANTS } from './lock-worker-settings.ts';
import { LockWorkers } from './lock-workers.ts';

const USAGE = `Kills and freezes worker processes that take a mutex and a semaphore, and counts what is left.

Usage: npm run chaos:locks -- [options]
  --kills N      SIGKILLs (default 40)
  --stops N      SIGSTOPs, half of them longer than a lease (default 40)
  --seed S       of the strikes: kinds, order, pauses (default 1)
  --workers N    worker processes (default 6)
  --engine NAME  ${ENGINES.join(' or ')} (default embedded: the first that npm start would find)
  --mutant NAME  breaks it on purpose, to see what is found: ${LOCK_CHAOS_MUTANTS.join(' or ')}
  --json         the result as JSON on standard output

Ends with 0 if every promise was kept, with 1 if one was broken or the run was too tame to count, with 2 on wrong arguments.`;

/** The shortest lease that there is. */
const LEASE_MS = 1_000;
/** All processes have one clock. */
const CLOCK_SKEW_MS = 200;
const PERMITS = 3;
const SHORT_STOP_MS = 400;
const LONG_STOP_MS = 2_500;
/** If nobody gets a place meanwhile, the strike falls on whoever is there. */
const HOLDER_WITHIN_MS = 2_000;
const BETWEEN_LEAST_MS = 100;
const BETWEEN_MOST_MS = 400;
/** The lease, and the turns of all others, who may be dead, too, or frozen; and a machine that does ten other things. */
const RECOVERY_MAX_MS = LEASE_MS + CLOCK_SKEW_MS + 5 * 1_000 + 3_000;

const { kills, stops, seed, workerCount, engineName, mutant, json } = argumentsOrExit(
  USAGE,
  {
    kills: { type: 'string', default: '40' },
    stops: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '6' },
    engine: { type: 'string', default: ENGINES[0] },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    kills: wholeNumber('kills', values.kills, 0),
    stops: wholeNumber('stops', values.stops, 0),
    seed: wholeNumber('seed', values.seed, 0),
    workerCount: wholeNumber('workers', values.workers, 2),
    engineName: oneOf('engine', values.engine, ENGINES),
    mutant: values.mutant === undefined ? undefined : oneOf('mutant', values.mutant, LOCK_CHAOS_MUTANTS),
    json: values.json,
  }),
);

const startedMs = Date.now();
const engine = await openEngine(engineName);
try {
  const client = createEngineClient(engine.endpoint);
  const run = randomUUID();
  const tables = { locks: `locks-${run}`, counter: `counter-${run}` };
  for (const table of Object.values(tables)) await ensureIdempotencyTable(client, table);

  const holdings = new Holdings();
  const workers = new LockWorkers(
    {
      endpoint: engine.endpoint,
      locksTable: tables.locks,
      counterTable: tables.counter,
      leaseMs: LEASE_MS,
      clockSkewMs: CLOCK_SKEW_MS,
      permits: PERMITS,
      mutant,
    },
    (worker, note) => holdings.follow(worker, note),
  );
  process.stderr.write(
    `${workerCount} workers, ${kills} kills, ${stops} stops, seed ${seed}, ${engine.name}\n`,
  );
  await workers.start(workerCount);
  const killed = await strike(workers, holdings);
  await workers.stop();

  const { amount, increments } = await new FencedCounter(client, tables.counter).read();
  const permits = { mutex: 1, semaphore: PERMITS };
  const { findings, figures } = judgeLocks({
    permits,
    holdings: holdings.all,
    kills: killed,
    counter: amount,
    increments,
    recoveryMaxMs: RECOVERY_MAX_MS,
  });
  client.destroy();
  const missed = findings.length > 0 ? [] : missedByLockRun(figures, permits);
  if (findings.length > 0 || missed.length > 0) process.exitCode = 1;
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  const { notGranted } = holdings;
  if (json) console.log(JSON.stringify({ ...figures, notGranted, stops, seconds, findings, missed }));
  else {
    const { most, ...counts } = figures;
    console.log(
      [
        ...Object.entries({ ...counts, stops, notGranted, seconds }).map(line),
        ...Object.entries(most).map(([resource, together]) =>
          line([`most holders of the ${resource}`, together]),
        ),
        '',
        ...findings.map((finding) => `BROKEN: ${finding}`),
        ...missed.map((what) => `TOO TAME: ${what}.`),
        ...(process.exitCode === 1 ? [] : ['Every promise was kept.']),
      ].join('\n'),
    );
  }
} finally {
  await engine.stop();
}

/** Every second strike falls on whoever gets the mutex next, the others on anybody. */
async function strike(workers: LockWorkers, holdings: Holdings) {
  const dice = new Dice(seed, 'locks');
  const strikes = dice.shuffled([
    ...Array.from({ length: kills }, () => 'kill' as const),
    ...Array.from({ length: stops }, () => 'stop' as const),
  ]);
  const killed: { readonly worker: string; readonly atMs: number }[] = [];
  const thaws: Promise<void>[] = [];
  for (const [index, kind] of strikes.entries()) {
    await pause(dice.between(BETWEEN_LEAST_MS, BETWEEN_MOST_MS));
    const chosen = dice.between(0, 1_000_000);
    const ms = dice.chance(50) ? LONG_STOP_MS : SHORT_STOP_MS;
    while (workers.awake.length < 2) await pause(20);
    const holder = index % 2 === 0 ? await holdings.nextHolder('mutex', HOLDER_WITHIN_MS) : undefined;
    const { awake } = workers;
    const victim = holder !== undefined && awake.includes(holder) ? holder : awake[chosen % awake.length];
    if (victim === undefined) continue;
    if (kind === 'stop') thaws.push(workers.freeze(victim, ms));
    else {
      killed.push({ worker: victim, atMs: Date.now() });
      await workers.kill(victim);
    }
  }
  await Promise.all(thaws);
  return killed;
}

function line([name, value]: readonly [string, unknown]): string {
  return `${name.padEnd(32)}${String(value)}`;
}
