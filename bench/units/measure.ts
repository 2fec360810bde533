import { fileURLToPath } from 'node:url';
import { printedBy } from '../in-turn.ts';
import type { Figures } from '../response-size/figures.ts';
import { measureRequests } from '../store-requests/measure.ts';
import { withEngine } from '../with-engine.ts';
import { CONTENDERS, type UnitsRun } from './report.ts';

const VARIANT = fileURLToPath(new URL('../response-size/variant.ts', import.meta.url));
const MEASURED_WITHIN_MS = 180_000;

/** Units and requests are the same in every round: one is enough. */
export async function measureUnits({
  kilobytes,
}: {
  readonly kilobytes: readonly number[];
}): Promise<UnitsRun> {
  process.stderr.write('units: requests of each outcome\n');
  const { results, writes } = await measureRequests();
  return withEngine(async ({ engine, newTable }) => {
    const sizes: Figures[] = [];
    for (const contender of CONTENDERS) {
      process.stderr.write(`units: by size, ${contender}\n`);
      const args = [contender, engine.endpoint, await newTable(), kilobytes.join(',')];
      const printed = await printedBy(VARIANT, args, { timeoutMs: MEASURED_WITHIN_MS });
      sizes.push(...(printed as Figures[])); // What the variant prints.
    }
    return { engine: engine.name, requests: results, writes, sizes };
  });
}
