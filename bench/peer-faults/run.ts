import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';
import { type Report, toJson, toMarkdown, toText } from './report.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { type ScenarioResult, tryScenario } from './trial.ts';

const USAGE = `Plays the same faults with this library and with Powertools for AWS Lambda, on one engine.

Usage: npm run bench:peer-faults -- [--only ID]... [--json | --markdown]
  --only ID    this scenario only; may be repeated
  --json       every step of every scenario as JSON
  --markdown   the page that is kept as docs/evidence/peer-faults.md
  --help       this text

Scenarios: ${SCENARIOS.map(({ id }) => id).join(', ')}`;

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
const scenarios = SCENARIOS.filter(({ id }) => options.only.length === 0 || options.only.includes(id));

const engine = await startEngine();
try {
  const results: ScenarioResult[] = [];
  for (const [index, scenario] of scenarios.entries()) {
    showProgress(`${index + 1}/${scenarios.length}  ${scenario.id}`);
    results.push(await tryScenario(scenario, engine.endpoint));
  }
  showProgress('');
  const report: Report = { conditions: conditionsOf(engine), results };
  const print = options.json ? toJson : options.markdown ? toMarkdown : toText;
  process.stdout.write(print(report));
} finally {
  await engine.stop();
}

function readOptions(): {
  readonly only: string[];
  readonly json: boolean;
  readonly markdown: boolean;
  readonly help: boolean;
} {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const unknown = values.only.find((wanted) => !SCENARIOS.some(({ id }) => id === wanted));
    if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}".`);
    if (values.json && values.markdown) throw new Error('Choose --json or --markdown, not both.');
    return values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

function conditionsOf({ name }: Engine): Report['conditions'] {
  return {
    Date: new Date().toISOString().slice(0, 10),
    'lambda-idempotency': versionIn('../../package.json'),
    '@aws-lambda-powertools/idempotency': installedVersion('@aws-lambda-powertools/idempotency'),
    '@middy/core': installedVersion('@middy/core'),
    '@aws-sdk/client-dynamodb': installedVersion('@aws-sdk/client-dynamodb'),
    'Node.js': process.version,
    Engine: name,
  };
}

function installedVersion(packageName: string): string {
  return versionIn(`../../node_modules/${packageName}/package.json`);
}

function versionIn(path: string): string {
  const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string };
  return version;
}

/** On standard error and only for people, so that what is printed can be kept. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(60)}${line === '' ? '\r' : ''}`);
}
