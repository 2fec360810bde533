import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { WIDE_WORLD } from './bounds.ts';
import { bundledWorker, WORKER_ARGUMENTS } from './bundled-worker.ts';
import { givenChoices } from './choices.ts';
import { timeLine } from './history.ts';
import { MUTANTS } from './mutants.ts';
import { runSchedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import type { Share, WorkerMessage } from './simulate-worker.ts';

const USAGE = `Runs the library in random simulated worlds and checks every promise after every step.

Usage: npm run simulate -- [--schedules N] [--seed S] [--processes N] [--mutant NAME] [--json]
  --schedules N   how many schedules (default 100000)
  --seed S        seed of the first one; each next one has the next number (default 1)
  --processes N   worker processes (default: one a core)
  --mutant NAME   break the protocol on purpose, to see what is found:
${MUTANTS.map(({ name }) => `                    ${name}`).join('\n')}
  --json          the result as JSON on standard output

Ends with 0 if every promise held, with 1 and a minimal time line if one was broken, with 2 on wrong arguments.`;

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const schedules = wholeNumber('schedules', values.schedules, 1);
const seed = wholeNumber('seed', values.seed, 0);
const processes = Math.min(wholeNumber('processes', values.processes, 1), schedules);
const mutant = MUTANTS.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && mutant === undefined) {
  refuse(`There is no mutant "${values.mutant}"; see --help for their names.`);
}

const worker = await bundledWorker();
const startedMs = Date.now();
const bar = new SingleBar({
  format: '{bar} {value} of {total} schedules, {eta_formatted} left',
  stream: process.stderr,
});
const showsBar = process.stderr.isTTY === true && !values.json;
if (showsBar) bar.start(schedules, 0);
else process.stderr.write(`${schedules} schedules from seed ${seed} in ${processes} processes\n`);

type Done = Extract<WorkerMessage, { kind: 'done' }>;
const perProcess = Math.ceil(schedules / processes);
const workers: ChildProcess[] = [];
const results = await Promise.all(
  Array.from({ length: processes }, (_, index) =>
    runShare({
      firstSeed: seed + index * perProcess,
      schedules: Math.min(perProcess, schedules - index * perProcess),
      mutantName: mutant?.name,
    }),
  ),
);
bar.stop();

const ran = results.reduce((sum, result) => sum + result.schedules, 0);
const steps = results.reduce((sum, result) => sum + result.steps, 0);
const seconds = (Date.now() - startedMs) / 1000;
const found = results.map((result) => result.found).find((finding) => finding !== undefined);

if (found === undefined) {
  report({ schedules: ran, steps, seed, seconds, violation: null }, [
    `${ran} schedules (seeds ${seed} to ${seed + schedules - 1}), ${steps} steps, ${seconds.toFixed(0)} s: every promise held.`,
  ]);
} else {
  process.exitCode = 1;
  const first = await runSchedule({ bounds: WIDE_WORLD, choices: givenChoices(found.picked), mutant });
  if (first.violation === undefined) throw new Error(`Seed ${found.seed} does not break the promise again.`);
  const minimal = await shrink(WIDE_WORLD, found.picked, first.violation.invariant, mutant);
  const message = minimal.violation?.message ?? first.violation.message;
  const { seed: foundSeed } = found;
  report({ schedules: ran, steps, seed: foundSeed, seconds, violation: message, history: minimal.history }, [
    timeLine(minimal.history),
    '',
    `BROKEN: ${message}`,
    `Seed ${foundSeed}, after ${ran} schedules; the time line is the smallest that was found.`,
  ]);
}

/** Resolves early, with what was done so far, where another process has found something. */
function runShare(share: Share): Promise<Done> {
  return new Promise((resolve, reject) => {
    const child = fork(worker, [JSON.stringify(share)], { execArgv: WORKER_ARGUMENTS });
    workers.push(child);
    const soFar = { kind: 'done', schedules: 0, steps: 0, found: undefined } satisfies Done;
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (signal === 'SIGTERM') resolve(soFar);
      else reject(new Error(`A process ended with ${code} before it was done.`));
    });
    child.on('message', (message: WorkerMessage) => {
      if (message.kind === 'done') {
        resolve(message);
        if (message.found !== undefined) for (const other of workers) if (other !== child) other.kill();
      } else {
        soFar.schedules += message.schedules;
        if (showsBar) bar.increment(message.schedules);
      }
    });
  });
}

function report(asJson: object, lines: readonly string[]): void {
  console.log(values.json ? JSON.stringify(asJson) : lines.join('\n'));
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${name} takes a whole number of at least ${least}, and not "${text}".`);
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}
