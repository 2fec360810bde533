/** One variant in a process of its own: `variant.ts NAME CASE ENDPOINT TABLE INVOCATIONS` prints its figures as JSON. */
import { randomUUID } from 'node:crypto';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { createSubject, SUBJECT_NAMES } from '../subjects.ts';

const WARM_UP_INVOCATIONS = 50;

const [name, scenario, endpoint = '', tableName = '', invocations = '0'] = process.argv.slice(2);
const subjectName = SUBJECT_NAMES.find((known) => known === name);
if (subjectName === undefined || (scenario !== 'first-run' && scenario !== 'replay')) {
  throw new Error(`variant.ts takes one of ${SUBJECT_NAMES.join(', ')} and first-run or replay`);
}

const client = createEngineClient(endpoint);
const subject = createSubject(subjectName, { client, tableName });
const repeated = randomUUID();
const invoke = () =>
  subject(httpApiEvent({ key: scenario === 'replay' ? repeated : randomUUID() }), lambdaContext());

for (let i = 0; i < WARM_UP_INVOCATIONS; i++) await invoke();

const latenciesMs: number[] = [];
const cpuBefore = process.cpuUsage();
for (let i = 0; i < Number(invocations); i++) {
  const started = performance.now();
  await invoke();
  latenciesMs.push(performance.now() - started);
}
const cpu = process.cpuUsage(cpuBefore);
client.destroy();

latenciesMs.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    cpuMsPerInvocation: (cpu.user + cpu.system) / 1000 / Number(invocations),
    medianMs: latenciesMs[Math.floor(latenciesMs.length / 2)],
  }),
);
