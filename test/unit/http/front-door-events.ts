import { readHttpRequest } from '../../../lib/http/front-door.ts';
import type { FrontDoor, HttpRequest } from '../../../lib/http/http-request.ts';

type Members = Readonly<Record<string, unknown>>;

/** Events as the four front doors send them, for `POST /cart/items`, with members replaced at will. */

export function restApiEvent(members: Members = {}): Members {
  return {
    resource: '/cart/{proxy+}',
    path: '/cart/items',
    httpMethod: 'POST',
    headers: { 'Content-Type': 'application/json' },
    multiValueHeaders: { 'Content-Type': ['application/json'] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: 'items' },
    stageVariables: null,
    requestContext: { stage: 'prod', httpMethod: 'POST', identity: { apiKeyId: null, userArn: null } },
    body: null,
    isBase64Encoded: false,
    ...members,
  };
}

export function httpApiEvent(members: Members = {}): Members {
  return {
    version: '2.0',
    routeKey: 'POST /cart/items',
    rawPath: '/cart/items',
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    requestContext: { stage: '$default', http: { method: 'POST', path: '/cart/items' } },
    isBase64Encoded: false,
    ...members,
  };
}

export function albEvent(members: Members = {}): Members {
  return {
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/cart/1' },
    },
    httpMethod: 'POST',
    path: '/cart/items',
    queryStringParameters: {},
    headers: { 'content-type': 'application/json' },
    body: '',
    isBase64Encoded: false,
    ...members,
  };
}

export function albMultiValueEvent(members: Members = {}): Members {
  const { headers: _headers, queryStringParameters: _query, ...event } = albEvent();
  return {
    ...event,
    multiValueHeaders: { 'content-type': ['application/json'] },
    multiValueQueryStringParameters: {},
    ...members,
  };
}

export const FRONT_DOORS: readonly FrontDoor[] = ['rest-api', 'http-api', 'alb', 'alb-multi-value'];

/** The request of a plain event of that front door. */
export function requestFrom(frontDoor: FrontDoor): HttpRequest {
  switch (frontDoor) {
    case 'rest-api':
      return requestOf(restApiEvent());
    case 'http-api':
      return requestOf(httpApiEvent());
    case 'alb':
      return requestOf(albEvent());
    case 'alb-multi-value':
      return requestOf(albMultiValueEvent());
  }
}

export function requestOf(event: unknown): HttpRequest {
  const request = readHttpRequest(event);
  if (request === undefined) throw new Error('The event is not an HTTP event.');
  return request;
}
