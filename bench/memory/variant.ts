/**
 * What one process keeps: `variant.ts NAME cache|no-cache ENDPOINT TABLE INVOCATIONS` prints it after that many first
 * runs; `variant.ts soak ... SECONDS` samples it every ten seconds at a constant rate. Runs with `--expose-gc`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { instantClient } from '../overhead/instant-client.ts';
import { createSubject, SUBJECT_NAMES } from '../subjects.ts';
import type { Sample } from './report.ts';

/** Enough for the compiler, for pools and for caches of code; what grows after that is kept for invocations. */
const WARM_UP_INVOCATIONS = 3_000;
const INVOCATIONS_A_TURN = 8;
const SAMPLED_EVERY_MS = 10_000;
/** 20 in a second, which leaves a busy machine time for what else it does. */
const SOAK_PAUSE_MS = 50;

const [name, cache, endpoint = '', tableName = '', size = '0'] = process.argv.slice(2);
const subjectName = name === 'soak' ? 'lambda-idempotency' : SUBJECT_NAMES.find((known) => known === name);
const collect = globalThis.gc;
if (subjectName === undefined || collect === undefined) {
  throw new Error(`variant.ts takes soak or one of ${SUBJECT_NAMES.join(', ')}, and runs with --expose-gc`);
}
const client = endpoint === 'instant' ? instantClient() : createEngineClient(endpoint);
const subject = createSubject(subjectName, { client, tableName, endpoint, cache: cache === 'cache' });
const invoke = () => subject(httpApiEvent({ key: randomUUID() }), lambdaContext());

async function sample(seconds: number): Promise<Sample> {
  // Twice, with a turn between: what finalizers free is gone only then.
  collect?.();
  await pause(1);
  collect?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { seconds, heapKb: heapUsed / 1024, rssKb: rss / 1024 };
}

async function invokeTimes(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    if (i % INVOCATIONS_A_TURN === 0) await pause(0);
    await invoke();
  }
}

async function soak(seconds: number): Promise<Sample[]> {
  const startedMs = performance.now();
  const samples: Sample[] = [];
  for (let at = SAMPLED_EVERY_MS; at <= seconds * 1000; at += SAMPLED_EVERY_MS) {
    while (performance.now() - startedMs < at) {
      await Promise.all([invoke(), pause(SOAK_PAUSE_MS)]);
    }
    samples.push(await sample(at / 1000));
  }
  return samples;
}

async function growth(invocations: number): Promise<Sample[]> {
  await invokeTimes(WARM_UP_INVOCATIONS);
  const before = await sample(0);
  await invokeTimes(invocations);
  return [before, await sample(0)];
}

const samples = await (name === 'soak' ? soak : growth)(Number(size));
process.stdout.write(JSON.stringify(samples), () => process.exit());
