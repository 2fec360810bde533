import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InProgressError } from '../../lib/index.ts';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { startTethered } from '../../lib/local/tethered-process.ts';
import { requestsOf } from '../../test/support/counted-requests.ts';
import { lambdaContext } from '../../test/support/events.ts';
import { guardedJob, type JobSettings } from './guarded-job.ts';
import type { VictimSettings } from './victim.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    timeout: { type: 'string', default: '12000' },
    renewed: { type: 'string', default: '3000,6000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(`Measures for how long a key stays locked after a crash.

Usage: npm run bench:recovery -- [--rounds N] [--timeout MS] [--renewed MS,MS] [--json]
  --rounds N         how often each variant is killed (default 5)
  --timeout MS       time-out of the function (default 12000)
  --renewed MS,MS    lengths of renewed leases (default 3000,6000)
  --json             every round, as JSON`);
  process.exit(0);
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ASK_AGAIN_AFTER_MS = 50;
const rounds = wholeNumber('rounds', values.rounds);
const timeoutMs = wholeNumber('timeout', values.timeout);
const variants = [undefined, ...values.renewed.split(',').map((text) => wholeNumber('renewed', text))];

const engine = await startEngine();
const client = createEngineClient(engine.endpoint);
try {
  const tableName = `bench-${randomUUID()}`;
  await ensureIdempotencyTable(client, tableName);
  const recoveryMs = new Map<string, number[]>(variants.map((variant) => [nameOf(variant), []]));
  for (let round = 0; round < rounds; round++) {
    // Between a tenth and nine tenths of the way, each round another one.
    const killAfterMs = timeoutMs * (0.1 + (0.8 * round) / Math.max(rounds - 1, 1));
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const settings = settingsOf(tableName, variant);
      process.stderr.write(`round ${round + 1} of ${rounds}, ${nameOf(variant)}\n`);
      recoveryMs.get(nameOf(variant))?.push(await recoverAfterKill(settings, killAfterMs));
    }
  }
  const requests: Record<string, number> = {};
  for (const variant of variants) {
    requests[nameOf(variant)] = await requestsOfRun(settingsOf(tableName, variant));
  }
  report(recoveryMs, requests);
} finally {
  client.destroy();
  await engine.stop();
}

function settingsOf(tableName: string, renewedLeaseMs: number | undefined): Omit<JobSettings, 'client'> {
  return renewedLeaseMs === undefined ? { tableName } : { tableName, renewedLeaseMs };
}

/** From the kill to the moment at which another process may run, in milliseconds. */
async function recoverAfterKill(settings: Omit<JobSettings, 'client'>, killAfterMs: number): Promise<number> {
  const key = randomUUID();
  const pid = await startVictim({ ...settings, endpoint: engine.endpoint, key, timeoutMs });
  await pause(killAfterMs);
  process.kill(pid, 'SIGKILL');
  const killedAtMs = performance.now();
  const job = guardedJob({ ...settings, client }, async () => performance.now() - killedAtMs);
  for (;;) {
    try {
      return Number(await job(key, lambdaContext(timeoutMs)));
    } catch (error) {
      if (!(error instanceof InProgressError)) throw error;
      await pause(ASK_AGAIN_AFTER_MS);
    }
  }
}

/** Resolves to the victim's process id, once its handler has been entered. */
async function startVictim(settings: VictimSettings): Promise<number> {
  let announce: (pid: number) => void = () => {};
  const entered = new Promise<number>((resolve) => {
    announce = resolve;
  });
  const victim = startTethered({
    command: process.execPath,
    args: ['--import', 'tsx', 'bench/recovery/victim.ts'],
    cwd: ROOT,
    env: { ...process.env, VICTIM: JSON.stringify(settings) },
    onOutput: (chunk) => announce(Number(chunk)),
  });
  const pid = await Promise.race([entered, victim.exited]);
  if (pid === undefined) throw new Error(`The victim did not start: ${victim.lastWords()}`);
  return pid;
}

/** Of a handler that runs for nearly as long as it may. */
async function requestsOfRun(settings: Omit<JobSettings, 'client'>): Promise<number> {
  const job = guardedJob({ ...settings, client: client as DynamoDBClient }, () => pause(timeoutMs * 0.9));
  const sent = await requestsOf(client, () => job(randomUUID(), lambdaContext(timeoutMs)));
  return sent.length;
}

function report(recoveryMs: ReadonlyMap<string, readonly number[]>, requests: Record<string, number>): void {
  if (values.json) {
    const results = Object.fromEntries(
      [...recoveryMs].map(([name, times]) => [name, { recoveryMs: times, requests: requests[name] }]),
    );
    console.log(JSON.stringify({ engine: engine.name, node: process.version, timeoutMs, results }, null, 2));
    return;
  }
  console.log(`\n${engine.name}, Node ${process.version}, function time-out ${timeoutMs / 1000} s\n`);
  const rows = [...recoveryMs].map(([name, times]) => {
    const sorted = times.toSorted((a, b) => a - b);
    return [
      name,
      seconds(sorted[Math.floor(sorted.length / 2)]),
      `${seconds(sorted[0])} to ${seconds(sorted.at(-1))}`,
      String(requests[name]),
    ];
  });
  const head = ['lease', 'key free after (median)', 'extremes', 'requests of a long run'];
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, column) => cell.padEnd([22, 26, 20, 0][column] ?? 0))
        .join('')
        .trimEnd(),
    );
  }
}

function seconds(ms = 0): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function nameOf(renewedLeaseMs: number | undefined): string {
  return renewedLeaseMs === undefined ? 'as the invocation' : `renewed, ${renewedLeaseMs / 1000} s`;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  process.stderr.write(`--${name} takes whole numbers of at least 1, and not "${text}".\n`);
  return process.exit(2);
}
