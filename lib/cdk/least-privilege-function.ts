import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, type NodejsFunctionProps, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

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

/** An ES module has no `require`, and CommonJS packages that are bundled into it call it for Node's own modules. */
const REQUIRE_BANNER =
  "import { createRequire as bannerCreateRequire } from 'node:module'; const require = bannerCreateRequire(import.meta.url);";

export interface LeastPrivilegeFunctionProps extends Omit<NodejsFunctionProps, 'logGroup'> {
  /**
   * Where the function logs to.
   *
   * @default - a log group that keeps lines for 30 days
   */
  readonly logGroup?: ILogGroup;

  /**
   * What becomes of the log group when it leaves the stack. Not for a `logGroup` of your own.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly logRemovalPolicy?: RemovalPolicy;
}

/**
 * A function as one ES module with everything it needs, a log group with an end to its retention, and a role that
 * begins with nothing but the right to write to that log group.
 */
export class LeastPrivilegeFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: LeastPrivilegeFunctionProps) {
    const { logRemovalPolicy = RemovalPolicy.RETAIN, bundling, environment, ...functionProps } = props;
    const logGroup =
      props.logGroup ??
      new LogGroup(scope, `${id}Logs`, {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: logRemovalPolicy,
      });
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MB,
      timeout: TIMEOUT,
      loggingFormat: LoggingFormat.JSON,
      // A setting for version 2 of the SDK; version 3 keeps connections alive by itself.
      awsSdkConnectionReuse: false,
      ...functionProps,
      role: props.role ?? roleThatWrites(logGroup, scope, id, props.description),
      logGroup,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...environment },
      bundling: {
        format: OutputFormat.ESM,
        // ES modules where a package has both. The SDK's CommonJS half is half as large again in the bundle.
        mainFields: ['module', 'main'],
        ...(bundling?.format === OutputFormat.CJS ? {} : { banner: REQUIRE_BANNER }),
        // The SDK that was tested is the SDK that runs; the one in the runtime changes without a deployment.
        bundleAwsSDK: true,
        // White space and syntax, but not names: errors and Middy hooks are told apart by their `name`. (Minifying
        // names as well, with keepNames, saves another 40 % of the file and loads no faster: 47 ms against 46.)
        esbuildArgs: { '--minify-whitespace': true, '--minify-syntax': true },
        sourceMap: true,
        // Positions are enough for a readable stack; the sources would be most of the asset.
        sourcesContent: false,
        ...bundling,
      },
    });
  }
}

/** The role that CDK would make carries AWSLambdaBasicExecutionRole: every log group of the account. */
function roleThatWrites(logGroup: ILogGroup, scope: Construct, id: string, description = id): Role {
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: `Execution role: ${description}`,
  });
  logGroup.grantWrite(role);
  return role;
}
