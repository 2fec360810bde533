import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { inTurn, printedBy } from '../in-turn.ts';
import { SUBJECT_NAMES } from '../subjects.ts';
import { INSTANT, type OverheadForm, type OverheadRound, type OverheadRun, SCENARIOS } from './report.ts';

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
/** A variant that takes 100 ms an invocation is no figure but a fault. */
const LONGEST_INVOCATION_MS = 100;
const LONGEST_START_MS = 30_000;

interface Sizes {
  readonly rounds: number;
  readonly invocations: number;
}

export async function measureOverhead(sizes: {
  readonly instant: Sizes;
  readonly engine: Sizes;
}): Promise<OverheadRun> {
  const instant = await measureForm(INSTANT, sizes.instant, async () => ['instant', 'none']);
  const engine = await startEngine();
  const client = createEngineClient(engine.endpoint);
  try {
    const overEngine = await measureForm(engine.name, sizes.engine, async () => {
      const tableName = `bench-${randomUUID()}`;
      await ensureIdempotencyTable(client, tableName);
      return [engine.endpoint, tableName];
    });
    return { instant, engine: overEngine };
  } finally {
    client.destroy();
    await engine.stop();
  }
}

async function measureForm(
  store: string,
  sizes: Sizes,
  placeOf: () => Promise<readonly [endpoint: string, tableName: string]>,
): Promise<OverheadForm> {
  const raw: OverheadRound[] = [];
  // The lean store has no client of the SDK that could be replaced.
  const names = SUBJECT_NAMES.filter((name) => store !== INSTANT || name !== 'lambda-idempotency/lean');
  const variants = SCENARIOS.flatMap((scenario) => names.map((name) => ({ scenario, name })));
  await inTurn(variants, sizes.rounds, async ({ scenario, name }, round) => {
    process.stderr.write(`overhead, ${store}: round ${round + 1} of ${sizes.rounds}, ${scenario}, ${name}\n`);
    const args = [name, scenario, ...(await placeOf()), String(sizes.invocations)];
    const timeoutMs = LONGEST_START_MS + sizes.invocations * LONGEST_INVOCATION_MS;
    const figures = (await printedBy(VARIANT, args, { timeoutMs })) as Pick<
      OverheadRound,
      'cpuMsPerInvocation' | 'medianMs'
    >; // What the variant prints.
    raw.push({ round, scenario, name, ...figures });
  });
  return { store, ...sizes, raw };
}
