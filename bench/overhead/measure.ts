import { fileURLToPath } from 'node:url';
import { inTurn, printedBy } from '../in-turn.ts';
import { SUBJECT_NAMES } from '../subjects.ts';
import { withEngine } from '../with-engine.ts';
import {
  INSTANT,
  INSTANT_SUBJECTS,
  type OverheadForm,
  type OverheadRound,
  type OverheadRun,
  SCENARIOS,
} from './report.ts';

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
  const engine = await withEngine(async ({ engine: { name, endpoint }, newTable }) =>
    measureForm(name, sizes.engine, async () => [endpoint, await newTable()]),
  );
  return { instant, engine };
}

async function measureForm(
  store: string,
  sizes: Sizes,
  placeOf: () => Promise<readonly [endpoint: string, tableName: string]>,
): Promise<OverheadForm> {
  const raw: OverheadRound[] = [];
  const names = store === INSTANT ? INSTANT_SUBJECTS : SUBJECT_NAMES;
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
