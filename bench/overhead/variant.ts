/** One variant in a process of its own: `variant.ts NAME CASE ENDPOINT|instant TABLE INVOCATIONS` prints its figures as JSON. */
import { randomUUID } from 'node:crypto';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { clientOf, createSubject, SUBJECT_NAMES } from '../subjects.ts';
import { instantClient } from './instant-client.ts';

/** Until then the compiler is at work; over an engine its work is small beside the rest. */
const WARM_UP_INVOCATIONS = { instant: 4_000, engine: 100 } as const;
/** Lambda comes back to the event loop between invocations; every time would be most of what is measured. */
const INVOCATIONS_A_TURN = 8;

const [name, scenario, endpoint = '', tableName = '', invocations = '0'] = process.argv.slice(2);
const subjectName = SUBJECT_NAMES.find((known) => known === name);
if (subjectName === undefined || (scenario !== 'first-run' && scenario !== 'replay')) {
  throw new Error(`variant.ts takes one of ${SUBJECT_NAMES.join(', ')} and first-run or replay`);
}

const client = endpoint === 'instant' ? instantClient() : clientOf(subjectName, endpoint);
const subject = createSubject(subjectName, { client, tableName, endpoint });
const repeated = randomUUID();
const count = Number(invocations);

async function invoke(times: number, latenciesMs: number[]): Promise<void> {
  for (let i = 0; i < times; i++) {
    if (i % INVOCATIONS_A_TURN === 0) await yieldToEventLoop();
    const started = performance.now();
    await subject(httpApiEvent({ key: scenario === 'replay' ? repeated : randomUUID() }), lambdaContext());
    latenciesMs.push(performance.now() - started);
  }
}

await invoke(WARM_UP_INVOCATIONS[endpoint === 'instant' ? 'instant' : 'engine'], []);
const latenciesMs: number[] = [];
const cpuBefore = process.cpuUsage();
await invoke(count, latenciesMs);
const cpu = process.cpuUsage(cpuBefore);

latenciesMs.sort((a, b) => a - b);
const figures = {
  cpuMsPerInvocation: (cpu.user + cpu.system) / 1000 / count,
  medianMs: latenciesMs[Math.floor(latenciesMs.length / 2)],
};
process.stdout.write(JSON.stringify(figures), () => process.exit());
