import { type IdempotencyError, ResultNotRecordedError } from '../idempotency/errors.ts';
import type { RecordedResult } from '../stores/idempotency-store.ts';
import { httpAnswer, statusDescription } from './http-answer.ts';
import type { HttpRequest } from './http-request.ts';
import { isRecord } from './own-property.ts';
import { problemBody, problemHeaders } from './problem-answer.ts';
import { hasStatusCode, statusOf } from './proxy-answer.ts';
import { withoutUnrecorded } from './unrecorded-headers.ts';

/** `ok`: a replay of a 201 is a 200, since nothing was created now. `original`: a replay keeps its status. */
export type ReplayStatus = 'ok' | 'original';

export interface ReplayOptions {
  readonly replayStatus: ReplayStatus;
  readonly documentationUrl: string;
}

const REPLAYED_HEADER = 'Idempotent-Replayed';

const REFUSAL_NOT_RECORDED =
  'The request was answered with this status when it was first sent, but the answer could not be kept. It is not run again.';

type Omitted = Extract<RecordedResult, { readonly kind: 'omitted' }>;

/**
 * The answer to a duplicate, made from what was recorded: the same headers and body, `Idempotent-Replayed: true`,
 * and a status according to `replayStatus`. A new object each time; callers may change it.
 *
 * - On payload format 2.0, a value without `statusCode` (for `undefined`, the runtime sends `null`) becomes the
 *   full answer that the front door would have made of it, because only a full answer can carry the header.
 * - On the other front doors such a value is no answer, and comes back as it was.
 * - Where only the fact that the operation finished could be recorded, the answer has the recorded status (200
 *   if it is unknown, or one that has no body) and a problem document of type
 *   `urn:lambda-idempotency:problem:result-not-recorded` as its body. It is a success with an explanation, not
 *   an error: the operation took effect, and a client that sees an error would try it again with a new key.
 */
export function replayAnswer(result: RecordedResult, request: HttpRequest, options: ReplayOptions): unknown {
  switch (result.kind) {
    case 'undefined':
      return request.frontDoor === 'http-api' ? replayValue('null', null, request) : undefined;
    case 'json': {
      const answer: unknown = JSON.parse(result.json);
      if (hasStatusCode(answer)) return replayProxyAnswer(answer, request, options.replayStatus);
      return request.frontDoor === 'http-api' ? replayValue(result.json, answer, request) : answer;
    }
    case 'omitted':
      return replayOmitted(result, request, options);
  }
}

function replayProxyAnswer(
  recorded: Readonly<Record<string, unknown>>,
  request: HttpRequest,
  replayStatus: ReplayStatus,
): unknown {
  // Once more: the record may come from another version of this library, or from Powertools.
  const answer = withoutUnrecorded(recorded);
  const recordedStatus = statusOf(answer);
  const multiple = request.frontDoor === 'alb-multi-value';
  const member = multiple ? 'multiValueHeaders' : 'headers';
  const headers = answer[member] ?? {};
  // The front door could not read the original either.
  if (recordedStatus === undefined || !isRecord(headers)) return answer;

  const replayed: Record<string, unknown> = {
    ...answer,
    [member]: { [REPLAYED_HEADER]: multiple ? ['true'] : 'true', ...headers },
  };
  const status = replayedStatus(recordedStatus, replayStatus);
  if (status !== recordedStatus) {
    replayed['statusCode'] = status;
    if (answer['statusDescription'] !== undefined) replayed['statusDescription'] = statusDescription(status);
  }
  return replayed;
}

/** What payload format 2.0 makes of a value without `statusCode`: a string is the body, all else its JSON. */
function replayValue(json: string, value: unknown, request: HttpRequest): unknown {
  return httpAnswer(request.frontDoor, {
    status: 200,
    headers: { 'Content-Type': 'application/json', [REPLAYED_HEADER]: 'true' },
    body: typeof value === 'string' ? value : json,
  });
}

function replayOmitted(result: Omitted, request: HttpRequest, options: ReplayOptions): unknown {
  const recordedStatus = remainingStatus(result);
  const status =
    recordedStatus === undefined || !canExplain(recordedStatus)
      ? 200
      : replayedStatus(recordedStatus, options.replayStatus);
  const error: IdempotencyError = new ResultNotRecordedError(result.reason);
  return httpAnswer(request.frontDoor, {
    status,
    headers: { ...problemHeaders(options.documentationUrl), [REPLAYED_HEADER]: 'true' },
    // A recorded 4xx is an answer like any other, but it is no word of an effect.
    body: problemBody({
      code: error.code,
      status,
      detail: status < 400 ? error.message : REFUSAL_NOT_RECORDED,
    }),
  });
}

function replayedStatus(recorded: number, replayStatus: ReplayStatus): number {
  return replayStatus === 'ok' && recorded === 201 ? 200 : recorded;
}

/** 1xx, 204, 205 and 304 have no body (RFC 9110), and a redirection without its `Location` leads nowhere. */
function canExplain(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && (status < 300 || status >= 400);
}

function remainingStatus(result: Omitted): number | undefined {
  if (result.remainderJson === undefined) return undefined;
  try {
    return statusOf(JSON.parse(result.remainderJson));
  } catch {
    return undefined; // Whatever was left there, the operation has finished.
  }
}
