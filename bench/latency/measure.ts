import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { findDynamoDbLocal, startDynamoDbLocal } from '../../lib/local/dynamodb-local.ts';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import type { Engine } from '../../lib/local/running-engine.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { inTurn, printedBy } from '../in-turn.ts';
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
  for (const start of starts) {
    const engine = await start();
    try {
      raw.push(...(await measureOver(engine, sizes)));
    } finally {
      await engine.stop();
    }
  }
  return { ...sizes, raw };
}

async function measureOver(engine: Engine, { rounds, durationMs, callers }: Sizes): Promise<LatencyRound[]> {
  const client = createEngineClient(engine.endpoint);
  const raw: LatencyRound[] = [];
  const variants = callers.flatMap((count) => SUBJECTS.map((name) => ({ name, count })));
  try {
    await inTurn(variants, rounds, async ({ name, count }, round) => {
      process.stderr.write(
        `latency, ${engine.name}: round ${round + 1} of ${rounds}, ${count} at once, ${name}\n`,
      );
      const tableName = `bench-${randomUUID()}`;
      await ensureIdempotencyTable(client, tableName);
      const args = [name, engine.endpoint, tableName, String(count), String(durationMs)];
      const timeoutMs = START_WITHIN_MS + 2 * durationMs;
      const figures = (await printedBy(VARIANT, args, { timeoutMs })) as Pick<
        LatencyRound,
        'p50Ms' | 'p99Ms' | 'perSecond'
      >; // What the variant prints.
      raw.push({ engine: engine.name, round, name, callers: count, ...figures });
    });
  } finally {
    client.destroy();
  }
  return raw;
}
