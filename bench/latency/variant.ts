/** First runs by so many callers at once, in a process of its own: `variant.ts NAME ENDPOINT TABLE CALLERS DURATION_MS` prints its figures as JSON. */
import { randomUUID } from 'node:crypto';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { clientOf, createSubject, SUBJECT_NAMES } from '../subjects.ts';
import { quantile } from '../tables.ts';

const [name, endpoint = '', tableName = '', callers = '1', durationMs = '0'] = process.argv.slice(2);
const subjectName = SUBJECT_NAMES.find((known) => known === name);
if (subjectName === undefined) throw new Error(`variant.ts takes one of ${SUBJECT_NAMES.join(', ')}`);

const subject = createSubject(subjectName, { client: clientOf(subjectName, endpoint), tableName, endpoint });

async function callUntil(endMs: number, latenciesMs: number[]): Promise<void> {
  while (performance.now() < endMs) {
    const started = performance.now();
    await subject(httpApiEvent({ key: randomUUID() }), lambdaContext());
    latenciesMs.push(performance.now() - started);
  }
}

async function callFor(ms: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + ms;
  await Promise.all(Array.from({ length: Number(callers) }, () => callUntil(endMs, latenciesMs)));
  return latenciesMs;
}

await callFor(Number(durationMs) / 4); // Sockets are opened and code is compiled in this time.
const started = performance.now();
const latenciesMs = await callFor(Number(durationMs));
const seconds = (performance.now() - started) / 1000;
const figures = {
  p50Ms: quantile(latenciesMs, 0.5),
  p99Ms: quantile(latenciesMs, 0.99),
  perSecond: latenciesMs.length / seconds,
};
process.stdout.write(JSON.stringify(figures), () => process.exit());
