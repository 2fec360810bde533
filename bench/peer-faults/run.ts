import { readFileSync } from 'node:fs';
import { startDynamoDbLocal } from '../../lib/local/dynamodb-local.ts';
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';
import { argumentsOrExit } from '../../test/support/run-arguments.ts';
import { type EngineResults, type Report, toJson, toMarkdown, toText } from './report.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { tryScenario } from './trial.ts';

const USAGE = `Plays the same faults with this library and with Powertools for AWS Lambda, side by side.

Usage: npm run bench:peer-faults -- [--only ID]... [--engine NAME]... [--json | --markdown]
  --only ID      this scenario only; may be repeated
  --engine NAME  first-found, as npm start does (the default), or dynamodb-local (Java); if repeated, plays all on each
                 and says whether the verdicts differ
  --json         every step of every scenario as JSON
  --markdown     the page that is kept as docs/evidence/peer-faults.md
  --help         this text

Scenarios: ${SCENARIOS.map(({ id }) => id).join(', ')}`;

const ENGINES: ReadonlyMap<string, () => Promise<Engine>> = new Map([
  ['first-found', () => startEngine()],
  ['dynamodb-local', () => startDynamoDbLocal()],
]);

const options = argumentsOrExit(
  USAGE,
  {
    only: { type: 'string', multiple: true },
    engine: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
  ({ only = [], engine = [], json, markdown }) => {
    const unknown = only.find((wanted) => !SCENARIOS.some(({ id }) => id === wanted));
    if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}".`);
    if (json && markdown) throw new Error('Choose --json or --markdown, not both.');
    const [first = startNamed('first-found'), ...others] = engine.map(startNamed);
    return { only, json, markdown, engines: [first, ...others] as const };
  },
);
const scenarios = SCENARIOS.filter(({ id }) => options.only.length === 0 || options.only.includes(id));

const [first, ...others] = options.engines;
const engines: Report['engines'] = [await playOn(first), ...(await inOrder(others, playOn))];
const print = options.json ? toJson : options.markdown ? toMarkdown : toText;
process.stdout.write(print({ conditions: conditions(), engines }));

async function playOn(start: () => Promise<Engine>): Promise<EngineResults> {
  const engine = await start();
  try {
    const results = await inOrder(scenarios, (scenario, index) => {
      showProgress(`${index + 1}/${scenarios.length}  ${scenario.id}`);
      return tryScenario(scenario, engine.endpoint);
    });
    showProgress('');
    return { engine: engine.name, results };
  } finally {
    await engine.stop();
  }
}

/** One after the other: what runs beside a scenario could change what comes of it. */
async function inOrder<T, R>(
  items: readonly T[],
  play: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const [index, item] of items.entries()) results.push(await play(item, index));
  return results;
}

function startNamed(name: string): () => Promise<Engine> {
  const start = ENGINES.get(name);
  if (start === undefined) throw new Error(`There is no engine "${name}".`);
  return start;
}

function conditions(): Report['conditions'] {
  return {
    Date: new Date().toISOString().slice(0, 10),
    'lambda-idempotency': versionIn('../../package.json'),
    '@aws-lambda-powertools/idempotency': installedVersion('@aws-lambda-powertools/idempotency'),
    '@middy/core': installedVersion('@middy/core'),
    '@aws-sdk/client-dynamodb': installedVersion('@aws-sdk/client-dynamodb'),
    'Node.js': process.version,
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
