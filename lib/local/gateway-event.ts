/**
 * An HTTP request as an event of API Gateway's HTTP APIs, payload format 2.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { RouteMatch } from './route.ts';

export interface GatewayRequest {
  readonly message: IncomingMessage;
  readonly requestId: string;
  /** Decoded, as HTTP APIs hand it over (function URLs do not decode). */
  readonly path: string;
  readonly rawQueryString: string;
  readonly body: Buffer;
}

export function gatewayEvent(request: GatewayRequest, match: RouteMatch): APIGatewayProxyEventV2 {
  const { message, requestId, path, rawQueryString, body } = request;
  const method = message.method ?? 'GET';
  const { headers, cookies } = readHeaders(message);
  const sourceIp = message.socket.remoteAddress ?? '127.0.0.1';
  const host = headers['host'] ?? 'localhost';
  const nowMs = Date.now();
  return {
    version: '2.0',
    routeKey: `${method} ${match.route.path}`,
    rawPath: path,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: { ...headers, 'x-forwarded-for': sourceIp, 'x-forwarded-proto': 'http' },
    ...(rawQueryString === '' ? {} : { queryStringParameters: readQuery(rawQueryString) }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: host,
      domainPrefix: 'local',
      http: {
        method,
        path,
        protocol: `HTTP/${message.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: `${method} ${match.route.path}`,
      stage: '$default',
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(match.pathParameters === undefined ? {} : { pathParameters: match.pathParameters }),
    ...readBody(body, headers['content-type']),
  };
}

/** Lower-cased names, repeated values joined by commas; cookies have a member of their own instead. */
function readHeaders(message: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  const { rawHeaders } = message;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (name === 'cookie') {
      cookies.push(...value.split(/;\s*/).filter((cookie) => cookie !== ''));
    } else if (name !== 'connection' && name !== 'keep-alive' && name !== 'transfer-encoding') {
      headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
    }
  }
  return { headers, cookies };
}

/** Repeated parameters joined by commas. */
function readQuery(rawQueryString: string): Record<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = parameters.get(name);
    parameters.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(parameters);
}

const TEXT = /^(text\/|application\/(json|javascript|xml)\b|[^;]*\+(json|xml)\b)/i;

/** Base64 unless the content type says text. Forms are not among them: a plain `curl -d` arrives encoded. */
function readBody(
  body: Buffer,
  contentType: string | undefined,
): { readonly body?: string; readonly isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = (contentType === undefined || TEXT.test(contentType)) && isUtf8(body);
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** `12/Mar/2026:19:03:58 +0000`, the format of Apache's logs. */
function commonLogTime(epochMs: number): string {
  const [, day, month, year, time] = new Date(epochMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
