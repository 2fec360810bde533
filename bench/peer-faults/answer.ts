import { createHash } from 'node:crypto';
import { canonicalJson } from '../../lib/idempotency/fingerprint.ts';

/** What a caller got. `run` is the number of the handler run whose result it is. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly run: number | undefined;
      readonly status: number | undefined;
      /** False where the caller learns that the operation took effect, but not with which result. */
      readonly kept: boolean;
      /** Equal for equal values, whatever JSON has made of them. */
      readonly digest: string;
    }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The error of the handler itself. */
  | { readonly kind: 'failed'; readonly reason: string };

/** What a handler of a scenario throws when it fails. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError';
}

/** The number of the run that a result, an answer or recorded data came from, however often it was quoted. */
export function runIn(value: unknown): number | undefined {
  const found = /"run\\*":(\d+)/.exec(JSON.stringify(value) ?? '');
  return found === null ? undefined : Number(found[1]);
}

export function readAnswer(value: unknown): Answer {
  const sent: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
  const { statusCode: status, headers, body } = asHttpAnswer(sent);
  if (status === undefined) return result({ run: runIn(sent), status, kept: true, value: sent });
  const isProblem = String(headers?.['Content-Type']).startsWith('application/problem+json');
  const content = isProblem || isJson(body) ? (JSON.parse(body ?? 'null') as unknown) : body;
  if (isProblem) {
    const { code } = content as { code: string }; // Every problem document of this library has one.
    if (code !== 'RESULT_NOT_RECORDED') return { kind: 'refused', reason: `${status} ${code}` };
    return result({ run: undefined, status, kept: false, value: content });
  }
  return result({ run: runIn(content), status, kept: true, value: content });
}

export function readError(error: unknown): Answer {
  const name = error instanceof Error ? error.name : String(error);
  if (name === 'HandlerError') return { kind: 'failed', reason: 'error of the handler' };
  // Thrown by Middy: neither library has a say in it.
  if (name === 'TimeoutError') return { kind: 'failed', reason: 'time-out of Middy' };
  return { kind: 'refused', reason: name };
}

export function describeAnswer(answer: Answer): string {
  if (answer.kind !== 'result') return answer.reason;
  if (!answer.kept) return `${answer.status}, result not kept`;
  return answer.run === undefined ? 'a result' : `result of run ${answer.run}`;
}

interface Result {
  readonly run: number | undefined;
  readonly status: number | undefined;
  readonly kept: boolean;
  readonly value: unknown;
}

function result({ value, ...rest }: Result): Answer {
  // Members of an object have no order in JSON, and get one of DynamoDB's where they lie in a map.
  const digest = createHash('sha256')
    .update(canonicalJson(value) ?? JSON.stringify(value))
    .digest('hex');
  return { kind: 'result', ...rest, digest };
}

function asHttpAnswer(value: unknown): {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: string;
} {
  // Every object of a scenario that has a status code was built as an HTTP answer.
  return typeof value === 'object' && value !== null && 'statusCode' in value ? (value as object) : {};
}

function isJson(body: string | undefined): boolean {
  return body !== undefined && /^[{["0-9tfn-]/.test(body);
}
