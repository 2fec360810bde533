import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { SingleBar } from 'cli-progress';
import { argumentsOrExit, oneOf, wholeNumber } from '../support/run-arguments.ts';
import { bundledWorker, WORKER_ARGUMENTS } from './bundled-worker.ts';
import type { Share, WorkerMessage } from './simulate-worker.ts';
import { WORLD_NAMES, WORLDS, type WorldName } from './worlds.ts';

const USAGE = `Runs the library in random simulated worlds and checks every promise after every step.

Usage: npm run simulate -- [--world NAME] [--schedules N] [--seed S] [--processes N] [--mutant NAME] [--json]
  --world NAME    ${WORLD_NAMES.join(' or ')} (default: one after the other)
  --schedules N   how many schedules of each (default 100000)
  --seed S        seed of the first one; each next one has the next number (default 1)
  --processes N   worker processes (default: one a core)
  --mutant NAME   break the protocol of one world on purpose, to see what is found:
${WORLD_NAMES.map((world) => `                    in ${world}:\n${WORLDS[world].mutants.map(({ name }) => `                      ${name}`).join('\n')}`).join('\n')}
  --json          the result as JSON on standard output

Ends with 0 if every promise held, with 1 and a minimal time line if one was broken, with 2 on wrong arguments.`;

const { worlds, schedules, seed, processes, mutant, json } = argumentsOrExit(
  USAGE,
  {
    world: { type: 'string' },
    schedules: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  (values) => {
    const schedules = wholeNumber('schedules', values.schedules, 1);
    const asked = values.world === undefined ? WORLD_NAMES : [oneOf('world', values.world, WORLD_NAMES)];
    const worlds = asked.filter(
      (name) =>
        values.mutant === undefined || WORLDS[name].mutants.some(({ name }) => name === values.mutant),
    );
    if (worlds.length === 0) throw new Error(`There is no mutant "${values.mutant}".`);
    return {
      worlds,
      schedules,
      seed: wholeNumber('seed', values.seed, 0),
      processes: Math.min(wholeNumber('processes', values.processes, 1), schedules),
      mutant: values.mutant,
      json: values.json,
    };
  },
);

type Done = Extract<WorkerMessage, { kind: 'done' }>;

const worker = await bundledWorker();
for (const world of worlds) await run(world);

async function run(world: WorldName): Promise<void> {
  const startedMs = Date.now();
  const bar = new SingleBar({
    format: `${world} {bar} {value} of {total} schedules, {eta_formatted} left`,
    stream: process.stderr,
  });
  const showsBar = process.stderr.isTTY === true && !json;
  if (showsBar) bar.start(schedules, 0);
  else {
    process.stderr.write(`${world}: ${schedules} schedules from seed ${seed} in ${processes} processes\n`);
  }

  const perProcess = Math.ceil(schedules / processes);
  const workers: ChildProcess[] = [];
  const results = await Promise.all(
    Array.from({ length: processes }, (_, index) => {
      const share: Share = {
        world,
        firstSeed: seed + index * perProcess,
        schedules: Math.min(perProcess, schedules - index * perProcess),
        mutantName: mutant,
      };
      return runShare(share, workers, showsBar ? (count) => bar.increment(count) : () => {});
    }),
  );
  bar.stop();

  const ran = results.reduce((sum, result) => sum + result.schedules, 0);
  const steps = results.reduce((sum, result) => sum + result.steps, 0);
  const seconds = (Date.now() - startedMs) / 1000;
  const found = results.map((result) => result.found).find((finding) => finding !== undefined);

  if (found === undefined) {
    report({ world, schedules: ran, steps, seed, seconds, violation: null }, [
      `${world}: ${ran} schedules (seeds ${seed} to ${seed + schedules - 1}), ${steps} steps, ${seconds.toFixed(0)} s: every promise held.`,
    ]);
    return;
  }
  process.exitCode = 1;
  const { message, timeLine } = await WORLDS[world].smallest(found.picked, mutant);
  report({ world, schedules: ran, steps, seed: found.seed, seconds, violation: message, timeLine }, [
    timeLine,
    '',
    `BROKEN: ${message}`,
    `Seed ${found.seed}, after ${ran} schedules; the time line is the smallest that was found.`,
  ]);
}

/** Resolves early, with what was done so far, where another process has found something. */
function runShare(
  share: Share,
  workers: ChildProcess[],
  onProgress: (schedules: number) => void,
): Promise<Done> {
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
        onProgress(message.schedules);
      }
    });
  });
}

function report(asJson: object, lines: readonly string[]): void {
  console.log(json ? JSON.stringify(asJson) : lines.join('\n'));
}
