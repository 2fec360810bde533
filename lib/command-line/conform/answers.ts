/** What can be read from an answer. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from './exchange.ts';
import { parsed } from './target.ts';

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** The same bytes, or the same JSON value. Statuses are looked at apart. */
export function sameBody(one: Answer, other: Answer): boolean {
  if (one.body === other.body) return true;
  const value = parsed(one.body);
  return value !== undefined && isDeepStrictEqual(value, parsed(other.body));
}

/** Two successes with one body, whatever their statuses: for checks that are about something else than statuses. */
export function sameResult(one: Answer, other: Answer): boolean {
  return isSuccess(one) && isSuccess(other) && sameBody(one, other);
}

/** The result of `first`, given again. A 201 may come back as 200: nothing was created this time. */
export function isReplayOf(first: Answer, later: Answer): boolean {
  const sameStatus = later.status === first.status || (first.status === 201 && later.status === 200);
  return sameStatus && sameBody(first, later);
}

/** Section 2.7: a link to documentation, in the body or in the header `Link`. */
export function pointsToDocumentation({ headers, body }: Answer): boolean {
  return headers.link !== undefined || /https?:\/\/|"type"\s*:\s*"urn:/.test(body);
}

export function isProblem({ headers }: Answer): boolean {
  return /^application\/problem\+json\b/i.test(headers['content-type'] ?? '');
}

/** What is wrong with a problem document (RFC 9457), or `undefined` if nothing is. */
export function problemFault(answer: Answer): string | undefined {
  if (!isProblem(answer)) return `Content-Type is ${answer.headers['content-type'] ?? 'missing'}`;
  const { type, title, status } = Object(parsed(answer.body)) as Record<string, unknown>;
  if (typeof type !== 'string' || type === 'about:blank') return 'no "type" of its own';
  if (typeof title !== 'string') return 'no "title"';
  if (status !== answer.status)
    return `"status" is ${JSON.stringify(status)}, the answer's is ${answer.status}`;
  return undefined;
}

/** For details: never a body, which may be anybody's data. */
export function got({ status }: Answer): string {
  return `got ${status}`;
}

export function statuses(answers: readonly Answer[]): string {
  return `got ${answers.map(({ status }) => status).join(', ')}`;
}
