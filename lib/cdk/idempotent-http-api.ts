import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  type HttpMethod,
  type HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { COMMON_ACCESS_LOG_FIELDS } from './access-log-fields.ts';
import { type IdempotentCors, resolveCors } from './cors.ts';
import { DEFAULT_THROTTLE, type Throttle } from './throttle.ts';

const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({ ...COMMON_ACCESS_LOG_FIELDS, routeKey: '$context.routeKey' }),
);

/** One route of an HTTP API, and who answers it. */
export interface IdempotentHttpRoute {
  readonly method: HttpMethod;
  /** Begins with a slash; `{name}` stands for a part of it, `/orders/{orderId}`. */
  readonly path: string;
  readonly handler: IFunction;
}

/** An issuer of JSON Web Tokens. Idempotency keys are then scoped to the `iss` and `sub` of the caller's token. */
export interface JwtIssuer {
  /** Base URL of the issuer: what stands in the claim `iss`. */
  readonly issuer: string;
  /** Values of the claim `aud` (or `client_id`) of which a token must carry one. */
  readonly audience: readonly string[];
}

/** Of `IdempotentHttpApi`. */
export interface IdempotentHttpApiProps {
  /**
   * What the API serves. More can be added by `addRoute`.
   *
   * @default - nothing
   */
  readonly routes?: readonly IdempotentHttpRoute[];

  /**
   * Name in the console.
   *
   * @default - the name of the stack
   */
  readonly apiName?: string;

  /** @default - none */
  readonly description?: string;

  /**
   * Pages of other origins that may call.
   *
   * @default - none: browsers keep such pages out
   */
  readonly cors?: IdempotentCors;

  /**
   * Asks every route for a token of this issuer. Not together with `authorizer`.
   *
   * @default - no tokens
   */
  readonly jwt?: JwtIssuer;

  /**
   * Tells the callers of every route apart; idempotency keys are then scoped to each of them.
   *
   * @default - none: whoever knows the URL may call, and all callers share one scope
   */
  readonly authorizer?: IHttpRouteAuthorizer;

  /** @default { rateLimit: 100, burstLimit: 200 } */
  readonly throttle?: Throttle;

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
 * An HTTP API for guarded functions: CORS that lets a page send `Idempotency-Key` and read what comes back, a throttle,
 * and an access log with request id and outcome and without a key. A request without a key reaches the function,
 * which refuses it; {@link IdempotentRestApi} refuses it before.
 *
 * @example
 * ```ts
 * new IdempotentHttpApi(this, 'Api', {
 *   routes: [{ method: HttpMethod.POST, path: '/orders', handler: placeOrder }],
 *   cors: { allowOrigins: ['https://shop.example'] },
 * });
 * ```
 */
export class IdempotentHttpApi extends Construct {
  /** The API itself, for what this construct does not cover: domains, VPC links, routes with settings of their own. */
  readonly api: HttpApi;
  /** The stage `$default`, which is deployed at every change. */
  readonly stage: HttpStage;
  readonly accessLog: LogGroup;
  readonly #routes: HttpRoute[] = [];

  /** @throws Error where `jwt` and `authorizer` are both given, or browsers would refuse `cors` */
  constructor(scope: Construct, id: string, props: IdempotentHttpApiProps = {}) {
    super(scope, id);
    const authorizer = authorizerOf(props);
    this.api = new HttpApi(this, 'HttpApi', {
      // Would be "HttpApi" in the console, for every stack alike.
      apiName: props.apiName ?? Stack.of(this).stackName,
      ...(props.description === undefined ? {} : { description: props.description }),
      // The stage that comes with the construct has no throttling and no access log.
      createDefaultStage: false,
      ...(authorizer === undefined ? {} : { defaultAuthorizer: authorizer }),
      ...(props.cors === undefined
        ? {}
        : { corsPreflight: { ...resolveCors(props.cors), allowMethods: [CorsHttpMethod.ANY] } }),
    });
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: props.accessLogRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: props.throttle ?? DEFAULT_THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: ACCESS_LOG_FORMAT,
      },
    });
    for (const route of props.routes ?? []) this.addRoute(route);
  }

  /** Base URL without a slash at its end. */
  get url(): string {
    return this.api.apiEndpoint;
  }

  /** The routes that this construct has made, in their order. */
  get routes(): readonly HttpRoute[] {
    return this.#routes;
  }

  /** Serves method and path by the handler, as an event of payload format 2.0. */
  addRoute({ method, path, handler }: IdempotentHttpRoute): void {
    const integration = new HttpLambdaIntegration(handler.node.id, handler);
    this.#routes.push(...this.api.addRoutes({ path, methods: [method], integration }));
  }
}

function authorizerOf({ jwt, authorizer }: IdempotentHttpApiProps): IHttpRouteAuthorizer | undefined {
  if (jwt === undefined) return authorizer;
  if (authorizer !== undefined) throw new Error('Give jwt or authorizer: a route asks for one of them.');
  if (jwt.audience.length === 0) throw new Error('jwt.audience has to name an audience.');
  return new HttpJwtAuthorizer('Jwt', jwt.issuer, { jwtAudience: [...jwt.audience] });
}
