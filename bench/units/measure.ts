import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { printedBy } from '../in-turn.ts';
import type { Figures } from '../response-size/figures.ts';
import { measureRequests } from '../store-requests/measure.ts';
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
  const engine = await startEngine();
  const client = createEngineClient(engine.endpoint);
  const sizes: Figures[] = [];
  try {
    for (const contender of CONTENDERS) {
      process.stderr.write(`units: by size, ${contender}\n`);
      const tableName = `bench-${randomUUID()}`;
      await ensureIdempotencyTable(client, tableName);
      const args = [contender, engine.endpoint, tableName, kilobytes.join(',')];
      const printed = await printedBy(VARIANT, args, { timeoutMs: MEASURED_WITHIN_MS });
      sizes.push(...(printed as Figures[])); // What the variant prints.
    }
  } finally {
    client.destroy();
    await engine.stop();
  }
  return { engine: engine.name, requests: results, writes, sizes };
}
