import { fileURLToPath } from 'node:url';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Found from this file, so that synthesis does not depend on the directory it is started in. */
const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Below the 30 s after which an HTTP API gives up: the caller gets the function's own answer or its failure, not
 * a gateway timeout with the function still at work. It also bounds the lease, and with it how long a crashed
 * attempt keeps retries waiting.
 */
const TIMEOUT = Duration.seconds(10);

/**
 * Lambda gives CPU in proportion to memory. The work is a few milliseconds of JSON and two requests; what the
 * memory buys is the cold start (parse the bundle, open TLS), where 128 MB is many times slower.
 */
const MEMORY_MB = 512;

export interface BundledFunctionProps {
  /** Path of the module that exports `handler`, from the root of the repository. */
  readonly entry: string;
  /** What the function is for; also the way to tell it from others in the console. */
  readonly description: string;
  /** Name of the service in log lines. */
  readonly serviceName: string;
  /** What becomes of the log group when it leaves the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A function of the sample: one ES module with everything it needs, a log group with an end to its retention, and
 * a role that begins with nothing but the right to write to that log group.
 */
export class BundledFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy,
    });
    // The role that CDK would make carries AWSLambdaBasicExecutionRole: every log group of the account.
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Execution role: ${props.description}`,
    });
    logGroup.grantWrite(role);

    super(scope, id, {
      entry: fileURLToPath(new URL(`../../${props.entry}`, import.meta.url)),
      handler: 'handler',
      description: props.description,
      projectRoot: REPOSITORY_ROOT,
      depsLockFilePath: fileURLToPath(new URL('../../package-lock.json', import.meta.url)),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MB,
      timeout: TIMEOUT,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: props.serviceName,
      },
      // A setting for version 2 of the SDK; version 3 keeps connections alive by itself.
      awsSdkConnectionReuse: false,
      bundling: {
        format: OutputFormat.ESM,
        // ES modules where a package has both. The SDK's CommonJS half is half as large again in the bundle, and its
        // `require` of Node's modules fails in an ES module unless a banner brings `createRequire`; so, no banner.
        mainFields: ['module', 'main'],
        // The SDK that was tested is the SDK that runs; the one in the runtime changes without a deployment.
        bundleAwsSDK: true,
        // White space and syntax, but not names: errors and Middy hooks are told apart by their `name`. (Minifying
        // names as well, with keepNames, saves another 40 % of the file and loads no faster: 47 ms against 46.)
        esbuildArgs: { '--minify-whitespace': true, '--minify-syntax': true },
        sourceMap: true,
        // Positions are enough for a readable stack; the sources would be most of the asset.
        sourcesContent: false,
      },
    });
  }
}
