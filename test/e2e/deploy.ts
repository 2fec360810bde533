/** `npm run e2e:deploy`: the sample deployed to an emulated account, held to its contract, and taken down again. */

import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LocalRunError } from '../../lib/local/local-run-error.ts';
import { bootstrap, type CdkProject, deploy, destroy } from './cdk.ts';
import { type Emulator, ensureEmulator, startEmulator } from './emulator.ts';
import { leftBehind } from './left-behind.ts';
import { brokenPromises, makeStrangersProject } from './stranger.ts';
import { runSuite } from './suite.ts';

// The SDK's seven lines about future Node.js versions would hide the few that matter here.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const USAGE = `Deploys the sample with cdk to an AWS emulator (MiniStack) on this machine, and holds it to its contract; then, from
an empty folder and the packed package, the API that docs/deploying.md tells how to make.

Usage: npm run e2e:deploy -- [options]

  --keep      before the stack is destroyed, leave it running until Ctrl-C
  --verbose   show what cdk says
  --json      the result as one line of JSON on standard output; reports go to standard error
  --help      this text

Needs Python 3.10 or later with venv (Debian: apt-get install python3 python3-venv); the emulator is installed into a
virtual environment in node_modules/.cache, once. Ends with 0 if every promise was kept and nothing is left behind,
with 1 if not, with 2 on wrong arguments.`;

/** MiniStack takes the CORS of an HTTP API from its own API alone, and not from CloudFormation. */
const CONTRACT = 'test/e2e/contract.test.ts';

const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface CommandLine {
  readonly keep: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

interface Phase {
  readonly phase: string;
  readonly seconds: number;
}

function readCommandLine(): CommandLine {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      options: { keep: flag, verbose: flag, json: flag, help: { ...flag, short: 'h' } },
    });
    return values;
  } catch (error) {
    const [sentence] = error instanceof Error ? error.message.split('. ') : [];
    throw new LocalRunError(`${sentence}. --help shows the options.`, { exitCode: 2 });
  }
}

async function main(): Promise<void> {
  const { keep, verbose, json, help } = readCommandLine();
  if (help) return console.log(USAGE);

  const phases: Phase[] = [];
  async function during<T>(phase: string, work: () => Promise<T>): Promise<T> {
    console.error(`== ${phase}`);
    const startedAtMs = performance.now();
    const result = await work();
    phases.push({ phase, seconds: Math.round((performance.now() - startedAtMs) / 100) / 10 });
    return result;
  }

  const directory = await mkdtemp(join(tmpdir(), 'lambda-idempotency-e2e-'));
  // However this process ends: the emulator and its functions hang on it, and have nothing but this folder.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const stopAtOnce = () => process.exit(130);
  process.on('SIGINT', stopAtOnce);
  process.on('SIGTERM', stopAtOnce);
  let emulator: Emulator | undefined;
  try {
    const virtualEnvironment = await during('install the emulator', ensureEmulator);
    emulator = await during('start the emulator', () => startEmulator(virtualEnvironment, directory));
    const { environment, reachableUrl } = emulator;
    const project: CdkProject = {
      directory: REPOSITORY_ROOT,
      workDirectory: directory,
      environment,
      context: ['removalPolicy=destroy', 'metricMath=off'],
      onOutput: (chunk) => void (verbose && process.stderr.write(chunk)),
    };
    await during('cdk bootstrap', () => bootstrap(project));
    const { ApiUrl = '' } = await during('cdk deploy', () => deploy(project));
    const url = reachableUrl(ApiUrl);
    console.error(`   ${url}`);
    if (!(await during('the black-box suite', () => runSuite({ url, files: [CONTRACT] })))) {
      throw new LocalRunError('The deployed sample does not keep its contract; the report is above.');
    }
    if (keep) {
      process.off('SIGINT', stopAtOnce);
      await during('running until Ctrl-C', interrupted);
    }
    await during('cdk destroy', () => destroy(project));
    const own = { ...project, directory: join(directory, 'stranger'), context: [] };
    await during("a stranger's project, by docs/deploying.md", () => makeStrangersProject(own.directory));
    const { ApiUrl: ownUrl = '' } = await during('its cdk deploy', () => deploy(own));
    const broken = await during('its API', () => brokenPromises(reachableUrl(ownUrl)));
    if (broken.length > 0) throw new LocalRunError(`Not as docs/deploying.md says: ${broken.join('; ')}.`);
    await during('its cdk destroy', () => destroy(own));
    const left = await leftBehind(emulator);
    if (left.length > 0) throw new LocalRunError(`cdk destroy has left behind: ${left.join(', ')}.`);
    if (json) console.log(JSON.stringify({ passed: true, url, phases }));
    else console.log('The sample was deployed, kept its contract, and is gone without a trace.');
  } finally {
    await emulator?.stop();
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    // A pending promise alone keeps no process alive.
    const waiting = setInterval(() => {}, 60_000);
    process.once('SIGINT', () => clearInterval(waiting));
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof LocalRunError ? error.message : error);
  process.exitCode = error instanceof LocalRunError ? error.exitCode : 1;
});
