import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { argumentsOrExit, wholeNumber } from '../../test/support/run-arguments.ts';
import { CONTENDERS, type Figures } from './figures.ts';
import { responseSizeMarkdown } from './report.ts';

const USAGE = `Write units, read units and CPU time by the size of the answer: this library, one string in the record, Powertools.

Usage: npm run bench:response-size -- [--rounds N] [--json]
  --rounds N   rounds, each with every contender once (default 5)
  --json       all raw rounds as JSON, instead of Markdown`;

const { roundCount, json } = argumentsOrExit(
  USAGE,
  {
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({ roundCount: wholeNumber('rounds', values.rounds, 1), json: values.json }),
);

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const run = promisify(execFile);
const rounds: Figures[][] = [];
let engineName = '';

for (let round = 0; round < roundCount; round++) {
  // A new engine for each round: the embedded one keeps all that it was given in memory.
  const engine = await startEngine();
  engineName = engine.name;
  const client = createEngineClient(engine.endpoint);
  const figures: Figures[] = [];
  try {
    for (const contender of round % 2 === 0 ? CONTENDERS : [...CONTENDERS].reverse()) {
      process.stderr.write(`\rround ${round + 1}/${roundCount}  ${contender}`.padEnd(50));
      const tableName = `bench-${randomUUID()}`;
      await ensureIdempotencyTable(client, tableName);
      const args = ['--import', 'tsx', VARIANT, contender, engine.endpoint, tableName];
      figures.push(...JSON.parse((await run(process.execPath, args)).stdout));
    }
  } finally {
    client.destroy();
    await engine.stop();
  }
  rounds.push(figures);
}
process.stderr.write('\r'.padEnd(52).concat('\r'));

console.log(
  json ? JSON.stringify({ engineName, rounds }, null, 2) : responseSizeMarkdown(engineName, rounds),
);
