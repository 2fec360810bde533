import { readFileSync } from 'node:fs';
import { argumentsOrExit, wholeNumber } from '../../test/support/run-arguments.ts';
import { CONTENDERS } from './contenders.ts';
import { type ContenderFigures, stormsMarkdown } from './report.ts';
import { type Figures, type Scenario, simulate } from './simulate.ts';

const USAGE = `Simulates a thousand clients during an outage, for each way to retry.

Usage: npm run bench:retry-storms -- [--seeds N] [--json]
  --seeds N   runs of each, with the seeds 1 to N (default 5)
  --json      every run as JSON, instead of Markdown`;

const { seeds, json } = argumentsOrExit(
  USAGE,
  {
    seeds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({ ...values, seeds: wholeNumber('seeds', values.seeds, 1) }),
);

const { version, devDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
const all: ContenderFigures[] = [];
for (const [name, send] of Object.entries(CONTENDERS)) {
  const runs: Record<Scenario, Figures[]> = { spread: [], together: [] };
  for (let seed = 1; seed <= seeds; seed++) {
    process.stderr.write(`\r${name}, seed ${seed}`.padEnd(60));
    runs.spread.push(await simulate(send, 'spread', seed));
    runs.together.push(await simulate(send, 'together', seed));
  }
  all.push({ name, runs });
}
process.stderr.write('\r'.padEnd(62).concat('\r'));

const versions = {
  'lambda-idempotency': version,
  ky: devDependencies.ky,
  'axios-retry': devDependencies['axios-retry'],
  'p-retry': devDependencies['p-retry'],
  '@smithy/core': devDependencies['@smithy/core'],
};
console.log(json ? JSON.stringify(all, null, 2) : stormsMarkdown(all, versions));
