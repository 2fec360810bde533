import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  type IAuthorizer,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  MethodLoggingLevel,
  type RequestValidator,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { COMMON_ACCESS_LOG_FIELDS } from './access-log-fields.ts';
import { DEFAULT_THROTTLE, type Throttle } from './throttle.ts';

const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    ...COMMON_ACCESS_LOG_FIELDS,
    httpMethod: '$context.httpMethod',
    resourcePath: '$context.resourcePath',
  }),
);

/** The methods that the middleware guards by default; on all others a key is ignored. */
const GUARDED_METHODS = ['POST', 'PATCH'];

/** As the middleware answers (lib/http/problem-answer.ts), which no library code is imported for here. */
const KEY_MISSING_PROBLEM = JSON.stringify({
  type: 'urn:lambda-idempotency:problem:key-missing',
  title: 'Idempotency key missing',
  status: 400,
  detail: 'This operation needs the Idempotency-Key header.',
  code: 'KEY_MISSING',
});

/** One route of a REST API, and who answers it. */
export interface IdempotentRestRoute {
  /** In capitals. */
  readonly method: string;
  /** Begins with a slash; `{name}` stands for a part of it, `/orders/{orderId}`. */
  readonly path: string;
  readonly handler: IFunction;
  /**
   * Whether the gateway refuses a request without the header `Idempotency-Key`.
   *
   * @default - true for POST and PATCH, false for others
   */
  readonly keyRequired?: boolean;
}

/** Of `IdempotentRestApi`. */
export interface IdempotentRestApiProps {
  /**
   * What the API serves. More can be added by `addRoute`.
   *
   * @default - nothing
   */
  readonly routes?: readonly IdempotentRestRoute[];

  /**
   * Name in the console.
   *
   * @default - the name of the stack
   */
  readonly apiName?: string;

  /**
   * Tells the callers of every route apart; idempotency keys are then scoped to each of them.
   *
   * @default - none: whoever knows the URL may call, and all callers share one scope
   */
  readonly authorizer?: IAuthorizer;

  /** @default { rateLimit: 100, burstLimit: 200 } */
  readonly throttle?: Throttle;

  /**
   * Whether to make the role by which API Gateway writes logs, and the setting of account and region that names it.
   * Without that setting the deployment of a stage with an access log fails; with two stacks that make it, the last
   * one wins.
   *
   * @default false - the account has the setting already
   */
  readonly cloudWatchRole?: boolean;

  /**
   * How long the access log keeps a line.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly accessLogRetention?: RetentionDays;

  /**
   * What becomes of the access log when it leaves the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A REST API for guarded functions, whose request validator refuses a missing `Idempotency-Key` before a function is
 * invoked and paid for. It looks at nothing but that the header is there: malformed keys are refused by the function.
 * Costs more a request than {@link IdempotentHttpApi}, and takes AWS WAF, private endpoints and usage plans.
 *
 * It has no CORS: with a proxy integration the function has to answer with these headers, as Middy's `http-cors` does.
 */
export class IdempotentRestApi extends Construct {
  /** The API itself, for what this construct does not cover: domains, WAF, usage plans, methods of their own. */
  readonly api: RestApi;
  readonly accessLog: LogGroup;
  readonly #validator: RequestValidator;
  readonly #methods: Method[] = [];

  constructor(scope: Construct, id: string, props: IdempotentRestApiProps = {}) {
    super(scope, id);
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: props.accessLogRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const throttle = props.throttle ?? DEFAULT_THROTTLE;
    this.api = new RestApi(this, 'RestApi', {
      restApiName: props.apiName ?? Stack.of(this).stackName,
      cloudWatchRole: props.cloudWatchRole ?? false,
      ...(props.authorizer === undefined ? {} : { defaultMethodOptions: { authorizer: props.authorizer } }),
      deployOptions: {
        throttlingRateLimit: throttle.rateLimit,
        throttlingBurstLimit: throttle.burstLimit,
        accessLogDestination: new LogGroupLogDestination(this.accessLog),
        accessLogFormat: ACCESS_LOG_FORMAT,
        // Errors only, and no data: the full trace holds headers, and with them keys.
        loggingLevel: MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
      },
    });
    this.#validator = this.api.addRequestValidator('KeyRequired', {
      validateRequestParameters: true,
      // Without a model there is nothing to check; a method that a user adds with one has it checked.
      validateRequestBody: true,
    });
    this.api.addGatewayResponse('KeyMissing', {
      // The key is the only parameter that is asked for here.
      type: ResponseType.of('BAD_REQUEST_PARAMETERS'),
      statusCode: '400',
      templates: { 'application/json': KEY_MISSING_PROBLEM },
    });
    for (const route of props.routes ?? []) this.addRoute(route);
  }

  /** Base URL with a slash at its end. */
  get url(): string {
    return this.api.url;
  }

  /** The methods that this construct has made, in their order. */
  get methods(): readonly Method[] {
    return this.#methods;
  }

  /** Serves method and path by the handler, as an event of payload format 1.0. */
  addRoute({ method, path, handler, keyRequired }: IdempotentRestRoute): void {
    const isRequired = keyRequired ?? GUARDED_METHODS.includes(method);
    const resource = this.api.root.resourceForPath(path);
    this.#methods.push(
      resource.addMethod(method, new LambdaIntegration(handler), {
        requestParameters: { 'method.request.header.Idempotency-Key': isRequired },
        requestValidator: this.#validator,
      }),
    );
  }
}
