import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { inTurn, printedBy } from '../in-turn.ts';
import { SUBJECT_NAMES } from '../subjects.ts';
import { type OverheadRound, type OverheadRun, SCENARIOS } from './report.ts';

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
/** A variant that takes 100 ms an invocation is no figure but a fault. */
const LONGEST_INVOCATION_MS = 100;
const LONGEST_START_MS = 30_000;

export async function measureOverhead(sizes: {
  readonly rounds: number;
  readonly invocations: number;
}): Promise<OverheadRun> {
  const engine = await startEngine();
  const client = createEngineClient(engine.endpoint);
  const rounds: OverheadRound[] = [];
  const variants = SCENARIOS.flatMap((scenario) => SUBJECT_NAMES.map((name) => ({ scenario, name })));
  try {
    await inTurn(variants, sizes.rounds, async ({ scenario, name }, round) => {
      process.stderr.write(`overhead: round ${round + 1} of ${sizes.rounds}, ${scenario}, ${name}\n`);
      const tableName = `bench-${randomUUID()}`;
      await ensureIdempotencyTable(client, tableName);
      const args = [name, scenario, engine.endpoint, tableName, String(sizes.invocations)];
      const timeoutMs = LONGEST_START_MS + sizes.invocations * LONGEST_INVOCATION_MS;
      const figures = (await printedBy(VARIANT, args, timeoutMs)) as Pick<
        OverheadRound,
        'cpuMsPerInvocation' | 'medianMs'
      >; // What the variant prints.
      rounds.push({ round, scenario, name, ...figures });
    });
  } finally {
    client.destroy();
    await engine.stop();
  }
  return { engine: engine.name, ...sizes, raw: rounds };
}
