import type { OmissionReason, RecordedResult } from '../stores/idempotency-store.ts';
import { ownProperty } from './own-property.ts';
import { asSent, hasStatusCode, statusOf } from './proxy-answer.ts';
import { withoutUnrecorded } from './unrecorded-headers.ts';

export { answerStatus } from './proxy-answer.ts';

/**
 * What is kept of an answer: the JSON that the Lambda runtime sends for it, less what must not be replayed
 * (`unrecorded-headers.ts`). What JSON changes (dates, class instances, `NaN`, `undefined` members) is therefore
 * the same on a replay as it was the first time. An answer without `statusCode` is somebody's data, and is kept
 * whole.
 *
 * Never throws: an answer that cannot be written as JSON (a `bigint`, a cycle, a `toJSON` that throws, a
 * stream) is recorded as omitted, with its status if that is known. `response` is not changed.
 */
export function recordAnswer(response: unknown): RecordedResult {
  let sent = response;
  try {
    sent = asSent(response);
    if (isStream(sent) || isStream(ownProperty(sent, 'body'))) return omitted('not-serializable', sent);
    const json: string | undefined = JSON.stringify(hasStatusCode(sent) ? withoutUnrecorded(sent) : response);
    return json === undefined ? { kind: 'undefined' } : { kind: 'json', json };
  } catch {
    return omitted('not-serializable', sent);
  }
}

/** The form that a recorded answer takes when the store finds it too large: only its status is left. */
export function withoutBody(recorded: RecordedResult): RecordedResult {
  return recorded.kind === 'json' ? omitted('too-large', JSON.parse(recorded.json)) : recorded;
}

function omitted(reason: OmissionReason, answer: unknown): RecordedResult {
  const statusCode = statusOf(answer);
  return statusCode === undefined
    ? { kind: 'omitted', reason }
    : { kind: 'omitted', reason, remainderJson: JSON.stringify({ statusCode }) };
}

const METHODS_OF_STREAMS = ['pipe', 'getReader', Symbol.asyncIterator] as const;

/** JSON would write a stream as its inner state, if it can at all. */
function isStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return METHODS_OF_STREAMS.some((name) => typeof Reflect.get(value, name) === 'function');
}
