/** Shows that the chaos run can see: each mutant must break one of its promises within a few short runs. */
import { runChaos } from './chaos.ts';
import { FRONT_DOORS } from './contenders.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { openEngine } from './open-engine.ts';

/** Stops rather than kills, which take the time of a restart each. */
const SHORT_RUN = {
  operations: 40,
  kills: 2,
  stops: 14,
  workers: 6,
  blockPercent: 20,
  // What only a zombie that fails can break needs many that fail.
  failPercent: 40,
} as const;
/** In the handler, where zombies come from. */
const STRIKES_AT = ['handler begun', 'effect logged', 'row put'] as const;
/** Which requests meet is left to the operating system: a zombie may miss its successor in one run. */
const RUNS_MAX = 5;

const engine = await openEngine('embedded');
try {
  // One after the other: each needs the machine to itself, or what it shows is the machine.
  for (const mutant of MUTANTS) await tryMutant(mutant);
} finally {
  await engine.stop();
}

async function tryMutant(mutant: Mutant): Promise<void> {
  for (let seed = 1; seed <= RUNS_MAX; seed += 1) {
    const found = await brokenBy(mutant, seed);
    if (found !== undefined) {
      console.log(`caught      ${mutant.name}, in run ${seed}: ${found}`);
      return;
    }
  }
  console.log(`NOT CAUGHT  ${mutant.name}, in ${RUNS_MAX} runs`);
  process.exitCode = 1;
}

/** The broken promises, if one of those that the mutant has to break is among them. */
async function brokenBy(
  { name, breaks, strikesAt = STRIKES_AT }: Mutant,
  seed: number,
): Promise<string | undefined> {
  const { figures } = await runChaos({
    ...SHORT_RUN,
    strikesAt,
    seed,
    endpoint: engine.endpoint,
    frontDoors: FRONT_DOORS,
    contender: 'lambda-idempotency',
    mutantName: name,
    onProgress: () => {},
  });
  const { broken } = figures;
  if (!breaks.some((invariant) => (broken[invariant] ?? 0) > 0)) return undefined;
  return Object.entries(broken)
    .map(([invariant, keys]) => `${invariant} (${keys} keys)`)
    .join(', ');
}
