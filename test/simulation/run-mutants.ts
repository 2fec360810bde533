import { argumentsOrExit, oneOf, wholeNumber } from '../support/run-arguments.ts';
import { WORLD_NAMES, WORLDS } from './worlds.ts';

const USAGE = `Breaks the protocol on purpose, in every way that the test folder knows, and tells how soon each is caught.

Usage: npm run simulate:mutants -- [--world NAME] [--seeds N] [--json]
  --world NAME  ${WORLD_NAMES.join(' or ')} (default: one after the other)
  --seeds N     searches for each mutant, each from another seed (default 5)
  --json        the figures as JSON on standard output

Ends with 0 if every search found what its mutant breaks within 60,000 schedules, else with 1.`;

const SCHEDULES_MAX = 60_000;
/** Between the first seeds of two searches, so that they share no schedule. */
const SEED_STRIDE = 1_000_000;

const { searches, worlds, json } = argumentsOrExit(
  USAGE,
  {
    world: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    searches: wholeNumber('seeds', values.seeds, 1),
    worlds: values.world === undefined ? WORLD_NAMES : [oneOf('world', values.world, WORLD_NAMES)],
    json: values.json,
  }),
);

// The stacks of errors that the library throws as answers are a good part of the work, and nobody reads them here.
Error.stackTraceLimit = 0;

for (const name of worlds) {
  if (!json) {
    console.log(`\n${name}\n`);
    console.log('| mutant | caught as | schedules until caught (median, most) |\n| --- | --- | --- |');
  }
  const world = WORLDS[name];
  for (const mutant of world.mutants) {
    const schedules: number[] = [];
    const invariants = new Set<string>();
    for (let search = 0; search < searches; search += 1) {
      const found = await world.simulate({
        firstSeed: 1 + search * SEED_STRIDE,
        schedules: SCHEDULES_MAX,
        mutantName: mutant.name,
      });
      schedules.push(found.schedules);
      invariants.add(found.found?.invariant ?? 'NOT CAUGHT');
      const breaks: readonly string[] = mutant.breaks;
      if (found.found === undefined || !breaks.includes(found.found.invariant)) process.exitCode = 1;
    }
    schedules.sort((a, b) => a - b);
    const median = schedules[Math.floor(schedules.length / 2)];
    const most = schedules.at(-1);
    const caughtAs = [...invariants].sort();
    if (json) console.log(JSON.stringify({ world: name, mutant: mutant.name, caughtAs, median, most }));
    else console.log(`| ${mutant.name} | ${caughtAs.join(', ')} | ${median}, ${most} |`);
  }
}
