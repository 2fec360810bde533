import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';
import { argumentsOrExit } from '../support/run-arguments.ts';
import { type MutationReport, mutantsOf, unjudged } from './mutation-report.ts';
import { toMarkdown } from './page.ts';

const USAGE = `Breaks lib/idempotency and lib/stores in every small way that Stryker knows, and lists what no test notices.

Usage: npm run test:mutation -- [--changed] [--mutate FILES] [--markdown]
  --changed       only mutants whose code or tests are new since the last run; does not see a change of what
                  the two folders import (lib/http) or of what the tests share (test/support)
  --mutate FILES  only these, with commas between them; lines can be named: lib/stores/memory-store.ts:30-40
  --markdown      afterwards, the page that is kept as docs/evidence/mutation-testing.md
  --help          this text

Ends with 0 if tests notice every mutant that the code does not excuse with a reason, with 1 if not, and with 2 on
wrong arguments. The survivors are in reports/mutation/mutation.html, each in its line.`;

const STRYKER = new URL('../../node_modules/@stryker-mutator/core/bin/stryker.js', import.meta.url);
const REPORT = new URL('../../reports/mutation/mutation.json', import.meta.url);

const options = argumentsOrExit(
  USAGE,
  {
    changed: { type: 'boolean', default: false },
    mutate: { type: 'string' },
    markdown: { type: 'boolean', default: false },
  },
  (values) => {
    if (values.markdown && values.mutate !== undefined) {
      throw new Error('The page is about all files: leave out --mutate.');
    }
    return values;
  },
);

const startedMs = Date.now();
const engine = await startEngine();
try {
  // What is read afterwards is of this run, or missing.
  rmSync(REPORT, { force: true });
  process.exitCode = await runStryker(engine);
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as MutationReport;
  failOnUnjudged(report);
  if (options.markdown) process.stdout.write(toMarkdown(report, conditionsOf(engine)));
} finally {
  await engine.stop();
}

/** One engine for all mutants; the workers find it in their environment. */
function runStryker({ endpoint }: Engine): Promise<number> {
  const args = [
    ...(options.changed ? [] : ['--force']),
    ...(options.mutate === undefined ? [] : ['--mutate', options.mutate]),
  ];
  const child = spawn(process.execPath, [fileURLToPath(STRYKER), 'run', ...args], {
    // A page on standard output leaves standard error for the progress.
    stdio: ['ignore', options.markdown ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, DYNAMODB_ENDPOINT: endpoint },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Stryker leaves out of its score what ended in an error of the test runner. Here that is no pass. */
function failOnUnjudged(report: MutationReport): void {
  const left = mutantsOf(report).filter(unjudged);
  if (left.length === 0) return;
  process.exitCode = 1;
  for (const { file, mutant } of left) {
    const { line, column } = mutant.location.start;
    console.error(`Not judged (${mutant.status}): ${file}:${line}:${column} ${mutant.mutatorName}`);
  }
}

function conditionsOf({ name }: Engine): Record<string, string> {
  return {
    Date: new Date().toISOString().slice(0, 10),
    'lambda-idempotency': versionIn('../../package.json'),
    Stryker: installedVersion('@stryker-mutator/core'),
    Jest: installedVersion('jest'),
    'Node.js': process.version,
    Engine: name,
    Run: options.changed
      ? 'of the mutants whose code or tests were new; the others are as earlier runs have left them'
      : 'of all mutants',
    'Time taken': `${Math.round((Date.now() - startedMs) / 60_000)} minutes`,
  };
}

function installedVersion(packageName: string): string {
  return versionIn(`../../node_modules/${packageName}/package.json`);
}

function versionIn(path: string): string {
  const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string };
  return version;
}
