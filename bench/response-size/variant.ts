/**
 * One contender in a process of its own, over all sizes or those given: `variant.ts CONTENDER ENDPOINT TABLE [KB,KB]`
 * prints its figures as JSON.
 */
import { randomUUID } from 'node:crypto';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { createSubject, type Subject } from '../subjects.ts';
import { median } from '../tables.ts';
import { KINDS, type Kind, type SizedAnswer, sizedAnswer } from './answers.ts';
import { CONTENDERS, type Contender, type Figures } from './figures.ts';
import { consumedBy, meter } from './meter.ts';
import { OneStringStore } from './one-string-store.ts';

const ALL_KILOBYTES = [1, 2, 4, 16, 64, 128, 256, 384, 512, 1024, 3072, 6144];

const WARM_UP_INVOCATIONS = 150;

/** Enough for a median, and for an end: large answers take a tenth of a second each. */
const runsOf = (bytes: number) => (bytes <= 64 * 1024 ? 40 : bytes <= 512 * 1024 ? 15 : 5);

const [contender, endpoint = '', tableName = '', sizes] = process.argv.slice(2);
const kilobytes = sizes?.split(',').map(Number) ?? ALL_KILOBYTES;
const name = CONTENDERS.find((known) => known === contender);
if (name === undefined) throw new Error(`variant.ts takes one of ${CONTENDERS.join(', ')}`);

const client = createEngineClient(endpoint);
const consumed = meter(client);

async function cpuMsOf(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return median(times);
}

function subjectOf(answer: SizedAnswer): Subject {
  const settings = { client, tableName, work: async () => answer };
  if (name === 'powertools') return createSubject(name, settings);
  const store = name === 'one string' ? { store: new OneStringStore(settings) } : {};
  return createSubject('lambda-idempotency', { ...settings, ...store });
}

async function measure(kind: Kind, bytes: number): Promise<Figures> {
  const answer = sizedAnswer(kind, bytes);
  const subject = subjectOf(answer);
  // Powertools throws where it could not record; that is an outcome here and no fault of the run.
  const send = (key: string) =>
    subject(httpApiEvent({ key }), lambdaContext()).catch((error: unknown) => error);
  const repeated = randomUUID();
  for (let i = 0; i < 3; i++) await send(randomUUID());
  const firstRun = await consumedBy(consumed, () => send(repeated));
  const duplicate = await consumedBy(consumed, () => send(repeated));
  const replayed = (await send(repeated)) as Partial<SizedAnswer>;
  const runs = runsOf(bytes);
  return {
    // Checked above; the compiler does not carry it into functions.
    contender: name as Contender,
    kind,
    bytes,
    replay: replayed instanceof Error ? 'fails' : replayed.body === answer.body ? 'whole' : 'not kept',
    firstRun: { ...firstRun, cpuMs: await cpuMsOf(runs, () => send(randomUUID())) },
    duplicate: { ...duplicate, cpuMs: await cpuMsOf(runs, () => send(repeated)) },
  };
}

// The first invocations pay for what the compiler has not done yet, and not for their answers.
const warmUp = subjectOf(sizedAnswer('cart', 16 * 1024));
for (let i = 0; i < WARM_UP_INVOCATIONS; i++)
  await warmUp(httpApiEvent({ key: randomUUID() }), lambdaContext());

const figures: Figures[] = [];
for (const kind of KINDS) for (const kb of kilobytes) figures.push(await measure(kind, kb * 1024));
client.destroy();
console.log(JSON.stringify(figures));
