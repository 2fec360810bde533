/** `npm run test:versions`: the tests on each supported Node and with each supported Middy. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandLineError, readCommandLine, USAGE } from './command-line.ts';
import { nodeOf } from './node-of.ts';
import { toText, total } from './report.ts';
import { runSuite, type SuiteRun } from './run-suite.ts';

const REPORTS = fileURLToPath(new URL('../../reports/', import.meta.url));
const TOTAL_FILE = `${REPORTS}versions.json`;

async function main(): Promise<void> {
  const [major = ''] = process.versions.node.split('.');
  const { pairs, suites, files, list, help } = readCommandLine(process.argv.slice(2), major);
  if (help) return console.log(USAGE);
  const planned = pairs.flatMap((pair) => suites.map((suite) => ({ pair, suite })));
  if (list) {
    for (const { pair, suite } of planned) console.log(`Node ${pair.node}, Middy ${pair.middy}: ${suite}`);
    return;
  }

  // What an earlier run left must not pass for this one's.
  rmSync(TOTAL_FILE, { force: true });
  mkdirSync(REPORTS, { recursive: true });
  const runs: SuiteRun[] = [];
  for (const [index, { pair, suite }] of planned.entries()) {
    const installed = nodeOf(pair.node);
    const place = `${index + 1} of ${planned.length}`;
    console.log(`\n== ${place}: Node ${installed.version}, Middy ${pair.middy}, suite ${suite}`);
    runs.push(await runSuite(installed, pair, suite, files));
  }
  const counts = total(runs);
  writeFileSync(TOTAL_FILE, JSON.stringify({ ...counts, runs }));
  console.log(`\n${toText(runs)}`);
  if (counts.failed > 0 || runs.some(({ passed }) => passed === 0)) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CommandLineError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
