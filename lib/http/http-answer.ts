import type { FrontDoor } from './http-request.ts';
import { nodeHttp } from './node-http.ts';

/** An answer in the form that one front door reads; which of the members it has depends on the front door. */
export interface HttpAnswer {
  statusCode: number;
  /** Load balancers only, such as `409 Conflict`. */
  statusDescription?: string;
  headers?: Record<string, string>;
  /** In place of `headers`, for target groups with multi-value headers. */
  multiValueHeaders?: Record<string, string[]>;
  body: string;
  isBase64Encoded: boolean;
}

/** Builds an answer of ours for a front door. */
export function httpAnswer(
  frontDoor: FrontDoor,
  parts: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
): HttpAnswer {
  const { status: statusCode, headers, body } = parts;
  switch (frontDoor) {
    case 'rest-api':
    case 'http-api':
      return { statusCode, headers: { ...headers }, body, isBase64Encoded: false };
    case 'alb':
      return {
        statusCode,
        statusDescription: statusDescription(statusCode),
        headers: { ...headers },
        body,
        isBase64Encoded: false,
      };
    case 'alb-multi-value':
      return {
        statusCode,
        statusDescription: statusDescription(statusCode),
        multiValueHeaders: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, [value]]),
        ),
        body,
        isBase64Encoded: false,
      };
  }
}

/** The code and its phrase, as load balancers want it: `409 Conflict`. */
export function statusDescription(statusCode: number): string {
  const phrase = nodeHttp().STATUS_CODES[statusCode];
  return phrase === undefined ? String(statusCode) : `${statusCode} ${phrase}`;
}
