/**
 * What API Gateway's HTTP APIs (payload format 2.0) make of an invocation's outcome. For HTTP APIs every failure of a
 * function (it threw, timed out, died, or returned what is no answer) is one and the same 500 with this message; the
 * 502 and 504 of REST APIs do not occur. (503 stands for the integration's own time-out of 30 s, which a function's
 * time-out of less never reaches.)
 */

import type { InvocationOutcome } from './invocation.ts';

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string | readonly string[]>;
  readonly body: Buffer;
}

/** Lambda's limit for the answer of a synchronous invocation. */
const ANSWER_MAX_BYTES = 6 * 1024 * 1024;

export function gatewayAnswer(outcome: InvocationOutcome): GatewayAnswer {
  if (outcome.kind !== 'returned') return internalServerError();
  if (Buffer.byteLength(outcome.payload) > ANSWER_MAX_BYTES) return internalServerError();
  const result: unknown = JSON.parse(outcome.payload);
  if (isObject(result) && 'statusCode' in result) return structuredAnswer(result) ?? internalServerError();
  // Without a status the whole result is the body: a string as it is, anything else as JSON.
  const body = typeof result === 'string' ? result : outcome.payload;
  return answer(200, { 'content-type': 'application/json' }, Buffer.from(body));
}

/** An answer of the gateway itself, in the form that all of its own have. */
export function gatewayMessage(status: number, message: string): GatewayAnswer {
  return answer(status, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify({ message })));
}

function internalServerError(): GatewayAnswer {
  return gatewayMessage(500, 'Internal Server Error');
}

function structuredAnswer(result: Readonly<Record<string, unknown>>): GatewayAnswer | undefined {
  const status = Number(result['statusCode']);
  const { headers = {}, cookies = [], body = '' } = result;
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  if (!isObject(headers) || !Array.isArray(cookies)) return undefined;
  if (typeof body !== 'string') return undefined;

  const sent: Record<string, string | string[]> = { 'content-type': 'text/plain;charset=UTF-8' };
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'object') return undefined;
    sent[name.toLowerCase()] = String(value);
  }
  if (cookies.length > 0) sent['set-cookie'] = cookies.map(String);
  return answer(status, sent, Buffer.from(body, result['isBase64Encoded'] === true ? 'base64' : 'utf8'));
}

function answer(
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body: Buffer,
): GatewayAnswer {
  return { status, headers: new Map(Object.entries(headers)), body };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
