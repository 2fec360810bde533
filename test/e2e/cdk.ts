/** The CDK command line, which deploys to whatever account the environment points to. */

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCOUNT, REGION } from './emulator.ts';

export interface CdkProject {
  /** Folder of cdk.json. */
  readonly directory: string;
  /** For the assembly and the outputs; nothing is written into `directory`. */
  readonly workDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onOutput: (chunk: string) => void;
  /** Context values, as `name=value`. */
  readonly context?: readonly string[];
}

/** Makes what every deployment of an account needs once: a bucket and roles. */
export function bootstrap(project: CdkProject): Promise<void> {
  return cdk(project, ['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
}

/** Deploys the one stack of the project and resolves to its outputs. */
export async function deploy(project: CdkProject): Promise<Readonly<Record<string, string>>> {
  const file = join(project.workDirectory, 'outputs.json');
  await cdk(project, ['deploy', '--all', '--require-approval', 'never', '--outputs-file', file]);
  const stacks: Record<string, Record<string, string>> = JSON.parse(await readFile(file, 'utf8'));
  const outputs = Object.values(stacks);
  if (outputs.length !== 1 || outputs[0] === undefined) throw new Error('The project is not of one stack.');
  return outputs[0];
}

/** Destroys the stacks of the project, without asking. */
export function destroy(project: CdkProject): Promise<void> {
  return cdk(project, ['destroy', '--all', '--force']);
}

/** The `cdk` that the project itself has installed. */
function cdk(project: CdkProject, args: readonly string[]): Promise<void> {
  const { directory, workDirectory, environment, onOutput, context = [] } = project;
  const common = ['--ci', '--no-notices', '--no-color', '--output', join(workDirectory, 'cdk.out')];
  const child = spawn(
    process.execPath,
    [
      join(directory, 'node_modules/aws-cdk/bin/cdk'),
      ...args,
      ...common,
      ...context.flatMap((one) => ['--context', one]),
    ],
    {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: workDirectory,
        TMPDIR: workDirectory,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        CDK_DISABLE_VERSION_CHECK: 'true',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ...environment,
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
      onOutput(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cdk ${args[0]} ended with ${code}:\n${output.slice(-5_000)}`));
    });
  });
}
