import { fileURLToPath } from 'node:url';
import { findDynamoDbLocal, startDynamoDbLocal } from '../../lib/local/dynamodb-local.ts';
import { startEngine } from '../../lib/local/engine.ts';
import { inTurn, printedBy } from '../in-turn.ts';
import { type Lab, withEngine } from '../with-engine.ts';
import { type LatencyRound, type LatencyRun, SUBJECTS } from './report.ts';

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const START_WITHIN_MS = 60_000;

interface Sizes {
  readonly rounds: number;
  readonly durationMs: number;
  readonly callers: readonly number[];
}

export async function measureLatency(sizes: Sizes): Promise<LatencyRun> {
  // Where npm has brought Amazon's own (npm run test:dynamodb-local does), figures are taken over it as well.
  const starts = [
    () => startEngine(),
    ...(findDynamoDbLocal() === undefined ? [] : [() => startDynamoDbLocal()]),
  ];
  const raw: LatencyRound[] = [];
  for (const start of starts) raw.push(...(await withEngine((lab) => measureOver(lab, sizes), start)));
  return { ...sizes, raw };
}

async function measureOver({ engine, newTable }: Lab, sizes: Sizes): Promise<LatencyRound[]> {
  const { rounds, durationMs, callers } = sizes;
  const raw: LatencyRound[] = [];
  const variants = callers.flatMap((count) => SUBJECTS.map((name) => ({ name, count })));
  await inTurn(variants, rounds, async ({ name, count }, round) => {
    process.stderr.write(
      `latency, ${engine.name}: round ${round + 1} of ${rounds}, ${count} at once, ${name}\n`,
    );
    const args = [name, engine.endpoint, await newTable(), String(count), String(durationMs)];
    const timeoutMs = START_WITHIN_MS + 2 * durationMs;
    const figures = (await printedBy(VARIANT, args, { timeoutMs })) as Pick<
      LatencyRound,
      'p50Ms' | 'p99Ms' | 'perSecond'
    >; // What the variant prints.
    raw.push({ engine: engine.name, round, name, callers: count, ...figures });
  });
  return raw;
}
