import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { SUBJECT_NAMES } from '../subjects.ts';

const USAGE = `Compares the cost of an invocation: bare handler, this library, Powertools.

Usage: npm run bench:overhead -- [--rounds N] [--invocations N] [--json]
  --rounds N        rounds, each with every variant once (default 7)
  --invocations N   counted invocations per variant and round (default 400)
  --json            medians and all raw rounds as JSON`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    invocations: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

interface Figures {
  readonly cpuMsPerInvocation: number;
  readonly medianMs: number;
}
interface Round extends Figures {
  readonly round: number;
  readonly scenario: string;
  readonly name: string;
}

const SCENARIOS = ['first-run', 'replay'] as const;
const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const run = promisify(execFile);
const engine = await startEngine();
const client = createEngineClient(engine.endpoint);
const rounds: Round[] = [];

try {
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = round % 2 === 0 ? SUBJECT_NAMES : [...SUBJECT_NAMES].reverse();
    for (const scenario of SCENARIOS) {
      for (const name of order) {
        const tableName = `bench-${randomUUID()}`;
        await ensureIdempotencyTable(client, tableName);
        const { stdout } = await run(process.execPath, [
          '--import',
          'tsx',
          VARIANT,
          name,
          scenario,
          engine.endpoint,
          tableName,
          values.invocations,
        ]);
        const figures: Figures = JSON.parse(stdout);
        rounds.push({ round, scenario, name, ...figures });
        process.stderr.write(`\rround ${round + 1}/${values.rounds}  ${scenario}  ${name}`.padEnd(60));
      }
    }
  }
} finally {
  process.stderr.write('\r'.padEnd(62).concat('\r'));
  client.destroy();
  await engine.stop();
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const medians = SCENARIOS.flatMap((scenario) =>
  SUBJECT_NAMES.map((name) => {
    const own = rounds.filter((round) => round.scenario === scenario && round.name === name);
    return {
      scenario,
      name,
      cpuMsPerInvocation: median(own.map((round) => round.cpuMsPerInvocation)),
      medianMs: median(own.map((round) => round.medianMs)),
    };
  }),
);

if (values.json) {
  console.log(JSON.stringify({ engine: engine.name, node: process.version, medians, rounds }, null, 2));
} else {
  console.log(`\n${engine.name}, Node ${process.version}, medians of ${values.rounds} rounds\n`);
  console.log(
    `${'case'.padEnd(12)}${'variant'.padEnd(22)}${'CPU ms'.padStart(10)}${'latency ms'.padStart(12)}${'CPU over bare, of Powertools'.padStart(32)}`,
  );
  for (const { scenario, name, cpuMsPerInvocation, medianMs } of medians) {
    const of = (other: string) =>
      medians.find((row) => row.scenario === scenario && row.name === other)?.cpuMsPerInvocation ??
      Number.NaN;
    const ratio = (cpuMsPerInvocation - of('bare')) / (of('powertools') - of('bare'));
    console.log(
      `${scenario.padEnd(12)}${name.padEnd(22)}${cpuMsPerInvocation.toFixed(3).padStart(10)}${medianMs.toFixed(3).padStart(12)}${ratio.toFixed(2).padStart(32)}`,
    );
  }
}
