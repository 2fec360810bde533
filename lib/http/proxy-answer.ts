import type { HttpRequest } from './http-request.ts';
import { isRecord, ownProperty } from './own-property.ts';

/**
 * The status that a front door gives to the caller for what a handler returned.
 *
 * On payload format 2.0 a value without `statusCode`, `null` and `undefined` included, is the body of a 200. On
 * the others such a value is no answer at all, and the caller gets a 502 from the front door; so does a
 * `statusCode` that is not one.
 *
 * @returns `undefined` where `response` is no answer that the front door understands.
 */
export function answerStatus(response: unknown, request: HttpRequest): number | undefined {
  const sent = sentOrUndefined(response);
  if (hasStatusCode(sent)) return statusOf(sent);
  return request.frontDoor === 'http-api' ? 200 : undefined;
}

/** The `statusCode` member as a number; `undefined` where it is not there or not an HTTP status. */
export function statusOf(answer: unknown): number | undefined {
  const statusCode = ownProperty(answer, 'statusCode');
  // API Gateway takes a string of digits as well.
  const status =
    typeof statusCode === 'string' && /^[1-9]\d\d$/.test(statusCode) ? Number(statusCode) : statusCode;
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599
    ? status
    : undefined;
}

/** True if the value is meant as an answer rather than as the body of one. `undefined` is dropped by JSON. */
export function hasStatusCode(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && ownProperty(value, 'statusCode') !== undefined;
}

/**
 * The response with its `toJSON` applied, as `JSON.stringify` does before it looks at any member. `toJSON` may be
 * inherited: that is how classes have it.
 *
 * @throws whatever `toJSON` throws.
 */
export function asSent(response: unknown): unknown {
  if (!isRecord(response)) return response;
  const { toJSON } = response;
  return typeof toJSON === 'function' ? (Reflect.apply(toJSON, response, ['']) as unknown) : response;
}

function sentOrUndefined(response: unknown): unknown {
  try {
    return asSent(response);
  } catch {
    return undefined; // The runtime cannot send it either: it reports an error in its place.
  }
}
