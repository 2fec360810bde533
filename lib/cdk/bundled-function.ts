import { fileURLToPath } from 'node:url';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type { LeastPrivilegeFunctionProps } from './least-privilege-function.ts';

/** Found from this file, so that synthesis does not depend on the directory it is started in. */
const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface BundledFunction {
  /** Path of the module that exports `handler`, from the root of the repository. */
  readonly entry: string;
  /** What the function is for; also the way to tell it from others in the console. */
  readonly description: string;
  /** Name of the service in log lines. */
  readonly serviceName: string;
  /** What becomes of the log group when it leaves the stack. */
  readonly removalPolicy: RemovalPolicy;
  /** On top of what every function of the sample is told. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The properties of a function of the sample, which is bundled from this repository's sources. */
export function bundledFunction(sample: BundledFunction): LeastPrivilegeFunctionProps {
  return {
    entry: fileURLToPath(new URL(`../../${sample.entry}`, import.meta.url)),
    handler: 'handler',
    description: sample.description,
    projectRoot: REPOSITORY_ROOT,
    depsLockFilePath: fileURLToPath(new URL('../../package-lock.json', import.meta.url)),
    logRemovalPolicy: sample.removalPolicy,
    environment: { POWERTOOLS_SERVICE_NAME: sample.serviceName, ...sample.environment },
    // Nothing in these bundles is CommonJS that would call `require`; a test loads each of them.
    bundling: { banner: '' },
  };
}
