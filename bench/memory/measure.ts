import { fileURLToPath } from 'node:url';
import { inTurn, printedBy } from '../in-turn.ts';
import { withEngine } from '../with-engine.ts';
import { type Growth, type MemoryRun, type Sample, SUBJECTS } from './report.ts';

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const MEASURED_WITHIN_MS = 120_000;

interface Sizes {
  readonly rounds: number;
  readonly invocations: number;
  readonly soakMinutes: number;
}

export async function measureMemory({ rounds, invocations, soakMinutes }: Sizes): Promise<MemoryRun> {
  const growth: Growth[] = [];
  const variants = SUBJECTS.flatMap((name) => [false, true].map((cache) => ({ name, cache })));
  await inTurn(variants, rounds, async ({ name, cache }, round) => {
    const cached = cache ? 'cache' : 'no-cache';
    process.stderr.write(`memory: round ${round + 1} of ${rounds}, ${name}, ${cached}\n`);
    const args = [name, cached, 'instant', 'none', String(invocations)];
    const [before, after] = await samplesOf(args, MEASURED_WITHIN_MS);
    if (before === undefined || after === undefined) throw new Error(`No samples of ${name}.`);
    growth.push({
      round,
      name,
      cache,
      heapKb: after.heapKb - before.heapKb,
      rssKb: after.rssKb - before.rssKb,
    });
  });
  return { rounds, invocations, growth, soakMinutes, soak: await soak(soakMinutes) };
}

async function soak(minutes: number): Promise<Sample[]> {
  process.stderr.write(`memory: soak of ${minutes} minutes\n`);
  return withEngine(async ({ engine, newTable }) => {
    const args = ['soak', 'no-cache', engine.endpoint, await newTable(), String(minutes * 60)];
    return samplesOf(args, MEASURED_WITHIN_MS + minutes * 60_000);
  });
}

async function samplesOf(args: readonly string[], timeoutMs: number): Promise<Sample[]> {
  const printed = await printedBy(VARIANT, args, { timeoutMs, nodeFlags: ['--expose-gc'] });
  return printed as Sample[]; // What the variant prints.
}
