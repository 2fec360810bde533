import type { RemovalPolicy } from 'aws-cdk-lib';
import { Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/**
 * For all callers together. Far above what a trial needs, far below what an open URL could cost; the burst lets
 * through a test that sends 50 requests at once, several times over.
 */
const THROTTLE = { rateLimit: 100, burstLimit: 200 };

/**
 * One line of JSON a request. No header is in it, so that no idempotency key is; the route stands for the path,
 * which carries the cart's id; no address, which is personal data. `integrationRequestId` is the function's
 * request id, the link to its own log.
 */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    requestTime: '$context.requestTime',
    routeKey: '$context.routeKey',
    status: '$context.status',
    responseLength: '$context.responseLength',
    responseLatency: '$context.responseLatency',
    integrationRequestId: '$context.integration.requestId',
    integrationStatus: '$context.integration.status',
    integrationLatency: '$context.integration.latency',
    integrationError: '$context.integration.error',
  }),
);

export interface SampleApiProps {
  /** Serves `POST /cart/items`. */
  readonly addToCart: IFunction;
  /** Serves `GET /cart/{cartId}`. */
  readonly listCart: IFunction;
  /** Serves `POST /shows/{showId}/seats/{seatId}/holds`. */
  readonly holdSeat: IFunction;
  /** Serves `POST /shows/{showId}/seats/{seatId}/bookings`. */
  readonly bookSeat: IFunction;
  /** Serves `GET /shows/{showId}/seats`. */
  readonly listSeats: IFunction;
  /**
   * Tells the callers apart; idempotency keys are then scoped to each of them.
   *
   * @default - none: whoever knows the URL may call, and all callers share one scope
   */
  readonly authorizer?: IHttpRouteAuthorizer;
  /** What becomes of the access log when it leaves the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** The front door of the sample: an HTTP API with a route for each function, throttling and an access log. */
export class SampleApi extends Construct {
  /** Base URL without a slash at its end. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: SampleApiProps) {
    super(scope, id);
    const api = new HttpApi(this, 'HttpApi', {
      // Would be "HttpApi" in the console, for every stack alike.
      apiName: Stack.of(this).stackName,
      description: 'Add-to-cart and book-seat, safe to retry',
      // The stage that comes with the construct has no throttling and no access log.
      createDefaultStage: false,
      ...(props.authorizer === undefined ? {} : { defaultAuthorizer: props.authorizer }),
    });
    this.url = api.apiEndpoint;

    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy,
    });
    new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: ACCESS_LOG_FORMAT },
    });

    const { GET, POST } = HttpMethod;
    const seats = '/shows/{showId}/seats';
    const served = [
      [POST, '/cart/items', 'AddToCart', props.addToCart],
      [GET, '/cart/{cartId}', 'ListCart', props.listCart],
      [POST, `${seats}/{seatId}/holds`, 'HoldSeat', props.holdSeat],
      [POST, `${seats}/{seatId}/bookings`, 'BookSeat', props.bookSeat],
      [GET, seats, 'ListSeats', props.listSeats],
    ] as const;
    const routes = served.flatMap(([method, path, name, handler]) =>
      api.addRoutes({ path, methods: [method], integration: new HttpLambdaIntegration(name, handler) }),
    );
    if (props.authorizer !== undefined) return;
    for (const route of routes) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'The sample is meant to be tried with curl, holds no personal data and is throttled; pass an authorizer to AddToCartStack before anything real depends on it.',
      });
    }
  }
}
