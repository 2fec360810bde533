import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startTethered } from '../../lib/local/tethered-process.ts';
import { requestsOf } from '../../test/support/counted-requests.ts';
import { lambdaContext } from '../../test/support/events.ts';
import { inTurn } from '../in-turn.ts';
import { withEngine } from '../with-engine.ts';
import { guardedJob, isInProgress } from './guarded-job.ts';
import type { RecoveryRound, RecoveryRun } from './report.ts';
import { nameOf, type Variant, variantsWith } from './variants.ts';
import type { VictimSettings } from './victim.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ASK_AGAIN_AFTER_MS = 50;

export interface RecoverySizes {
  readonly rounds: number;
  /** Time-out of the function, in milliseconds. */
  readonly timeoutMs: number;
  /** Lengths of renewed leases, in milliseconds. */
  readonly renewedMs: readonly number[];
}

interface Place {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly timeoutMs: number;
}

export async function measureRecovery({ rounds, timeoutMs, renewedMs }: RecoverySizes): Promise<RecoveryRun> {
  return withEngine(async ({ engine, client, newTable }) => {
    const place: Place = { endpoint: engine.endpoint, client, tableName: await newTable(), timeoutMs };
    const variants = variantsWith(renewedMs);
    const raw: RecoveryRound[] = [];
    await inTurn(variants, rounds, async (variant, round) => {
      process.stderr.write(`recovery: round ${round + 1} of ${rounds}, ${nameOf(variant)}\n`);
      // Between a tenth and nine tenths of the way, each round another one.
      const killAfterMs = timeoutMs * (0.1 + (0.8 * round) / Math.max(rounds - 1, 1));
      const recoveryMs = await recoverAfterKill(place, variant, killAfterMs);
      raw.push({ round, name: nameOf(variant), killAfterMs, recoveryMs });
    });
    const requests: Record<string, number> = {};
    for (const variant of variants) requests[nameOf(variant)] = await requestsOfRun(place, variant);
    return { engine: engine.name, rounds, timeoutMs, raw, requests };
  });
}

/** From the kill to the moment at which another process may run, in milliseconds. */
async function recoverAfterKill(place: Place, variant: Variant, killAfterMs: number): Promise<number> {
  const { client, tableName, endpoint, timeoutMs } = place;
  const key = randomUUID();
  const pid = await startVictim({ ...variant, tableName, endpoint, key, timeoutMs });
  await pause(killAfterMs);
  process.kill(pid, 'SIGKILL');
  const killedAtMs = performance.now();
  const job = guardedJob({ ...variant, client, tableName }, async () => performance.now() - killedAtMs);
  for (;;) {
    try {
      return Number(await job(key, lambdaContext(timeoutMs)));
    } catch (error) {
      if (!isInProgress(error)) throw error;
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
async function requestsOfRun({ client, tableName, timeoutMs }: Place, variant: Variant): Promise<number> {
  const job = guardedJob({ ...variant, client, tableName }, () => pause(timeoutMs * 0.9, 'done'));
  const sent = await requestsOf(client, () => job(randomUUID(), lambdaContext(timeoutMs)));
  return sent.length;
}
