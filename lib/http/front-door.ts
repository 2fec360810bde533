import { readBody } from './body.ts';
import { callerOf } from './caller.ts';
import { type HeaderValues, readHeaderValues } from './header-values.ts';
import type { FrontDoor, HttpBody, HttpRequest } from './http-request.ts';
import { isRecord, nonEmptyString, ownProperty } from './own-property.ts';
import { type Query, readDecodedQuery, readEncodedQuery, readRawQuery } from './query.ts';

const NO_VALUES: readonly string[] = Object.freeze([]);

/**
 * Turns the event of API Gateway (REST and HTTP), a Lambda function URL or an Application Load Balancer into
 * one request. Members may be missing or `null`, as they are in hand-written test events; only the method and
 * the path must be there, because the scope of a key depends on them.
 *
 * @returns `undefined` where the event is of another kind (WebSocket, VPC Lattice, SQS, ...).
 * @see {@link https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html | REST APIs}
 * @see {@link https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html | HTTP APIs}
 * @see {@link https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html | function URLs}
 * @see {@link https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html | load balancers}
 */
export function readHttpRequest(event: unknown): HttpRequest | undefined {
  const requestContext = ownProperty(event, 'requestContext');
  const frontDoor = frontDoorOf(event, requestContext);
  const line =
    frontDoor === 'http-api' ? requestLineOfFormat2(event, requestContext) : requestLineOfFormat1(event);
  if (line.method === undefined || line.path === undefined) return undefined;

  const headers: HeaderValues = readHeaderValues(
    ownProperty(event, 'headers'),
    // Payload format 2.0 has no such member.
    frontDoor === 'http-api' ? undefined : ownProperty(event, 'multiValueHeaders'),
  );
  const headerValues = (name: string): readonly string[] => headers.get(name.toLowerCase()) ?? NO_VALUES;
  let body: HttpBody | undefined;

  return {
    frontDoor,
    method: line.method.toUpperCase(),
    path: line.path,
    query: readQuery(event, frontDoor),
    // Read on demand: most requests are not guarded, and decoding 6 MB of base64 for them would be wasted.
    get body() {
      body ??= readBody(event);
      return body;
    },
    caller: () => callerOf(frontDoor, requestContext, headerValues),
    headerValues,
  };
}

/** Presumes an HTTP event; what is not one fails for lack of a method and a path. */
function frontDoorOf(event: unknown, requestContext: unknown): FrontDoor {
  if (isRecord(ownProperty(requestContext, 'http'))) return 'http-api';
  if (!isRecord(ownProperty(requestContext, 'elb'))) return 'rest-api';
  // A target group sends either `headers` or `multiValueHeaders`, and wants its answer in the same form.
  return isRecord(ownProperty(event, 'multiValueHeaders')) ? 'alb-multi-value' : 'alb';
}

interface RequestLine {
  readonly method: string | undefined;
  readonly path: string | undefined;
}

function requestLineOfFormat1(event: unknown): RequestLine {
  return {
    method: nonEmptyString(ownProperty(event, 'httpMethod')),
    path: nonEmptyString(ownProperty(event, 'path')),
  };
}

function requestLineOfFormat2(event: unknown, requestContext: unknown): RequestLine {
  const http = ownProperty(requestContext, 'http');
  return {
    method: nonEmptyString(ownProperty(http, 'method')),
    path: nonEmptyString(ownProperty(event, 'rawPath')) ?? nonEmptyString(ownProperty(http, 'path')),
  };
}

function readQuery(event: unknown, frontDoor: FrontDoor): Query {
  const single = ownProperty(event, 'queryStringParameters');
  const multiple = ownProperty(event, 'multiValueQueryStringParameters');
  switch (frontDoor) {
    case 'http-api': {
      const raw = ownProperty(event, 'rawQueryString');
      return typeof raw === 'string' ? readRawQuery(raw) : readDecodedQuery(single, undefined);
    }
    case 'rest-api':
      return readDecodedQuery(single, multiple);
    case 'alb':
    case 'alb-multi-value':
      return readEncodedQuery(single, multiple);
  }
}
