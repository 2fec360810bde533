import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../lib/local/engine.ts';
import { inTurn, printedBy } from '../in-turn.ts';
import type { VariantResult, VariantSettings } from '../lock-fairness/variant.ts';
import { CONTENDERS, type LockRound, type LocksRun } from './report.ts';

const VARIANT = fileURLToPath(new URL('../lock-fairness/variant.ts', import.meta.url));
const START_WITHIN_MS = 60_000;
/** Alone, and as many as bench/lock-fairness has. */
const CALLERS = [1, 16];
const LEASE_MS = 2_000;
const POLL_MS = 50;

export async function measureLocks(sizes: {
  readonly rounds: number;
  readonly durationMs: number;
}): Promise<LocksRun> {
  const { rounds, durationMs } = sizes;
  const raw: LockRound[] = [];
  const variants = CALLERS.flatMap((callers) => CONTENDERS.map((contender) => ({ callers, contender })));
  const engine = await startEngine();
  try {
    await inTurn(variants, rounds, async ({ callers, contender }, round) => {
      process.stderr.write(`locks: round ${round + 1} of ${rounds}, ${callers} callers, ${contender}\n`);
      const settings: VariantSettings = {
        contender,
        endpoint: engine.endpoint,
        tableName: `bench-${randomUUID()}`,
        contenders: callers,
        // Given back at once: what is measured is the lock, and not what it protects.
        holdMs: 0,
        durationMs,
        leaseMs: LEASE_MS,
        pollMs: POLL_MS,
      };
      const timeoutMs = START_WITHIN_MS + durationMs;
      const printed = await printedBy(VARIANT, [JSON.stringify(settings)], { timeoutMs });
      const { waitsMs, grants, requests } = printed as VariantResult; // What the variant prints.
      raw.push({ round, contender, callers, waitsMs, grants, requests });
    });
  } finally {
    await engine.stop();
  }
  return { engine: engine.name, rounds, durationMs, raw };
}
