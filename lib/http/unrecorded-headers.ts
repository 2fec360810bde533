import { isRecord, ownEntries } from './own-property.ts';

/**
 * Headers that are true of one answer only, and so are neither recorded nor replayed. The `cookies` array of
 * payload format 2.0 is left out for the same reason as `set-cookie`. Lower case.
 */
export const UNRECORDED_HEADERS: readonly string[] = Object.freeze([
  // Credentials and session state: they age, they may have been revoked since, and a table of replays is no
  // place to keep them.
  'set-cookie',
  'set-cookie2',

  // Names of one request: on a replay they would send whoever reads the logs to the wrong one.
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-amz-apigw-id',
  'x-amz-cf-id',
  'x-amz-cf-pop',
  'x-request-id',
  'x-correlation-id',
  'traceparent',
  'tracestate',

  // Times and measurements of one answer: stale on every other.
  'date',
  'age',
  'server-timing',
  'retry-after',

  // About one connection, not the message (RFC 9110 section 7.6.1); forbidden in HTTP/2.
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',

  // Ours: said anew by each replay.
  'idempotent-replayed',
]);

const UNRECORDED: ReadonlySet<string> = new Set(UNRECORDED_HEADERS);

/** A copy of an answer without `cookies` and the headers above, whatever their case. `answer` is not changed. */
export function withoutUnrecorded(answer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { cookies: _cookies, ...kept }: Record<string, unknown> = answer;
  // A `toJSON` has been applied before; on the copy, JSON would apply it once more.
  if (typeof kept['toJSON'] === 'function') delete kept['toJSON'];
  for (const member of ['headers', 'multiValueHeaders']) {
    if (kept[member] !== undefined) kept[member] = withoutUnrecordedHeaders(kept[member]);
  }
  return kept;
}

function withoutUnrecordedHeaders(headers: unknown): unknown {
  const sent = isPlainObject(headers) ? headers : asJsonHasIt(headers);
  if (!isRecord(sent)) return sent;
  const entries = ownEntries(sent);
  const kept = entries.filter(([name]) => !UNRECORDED.has(name.toLowerCase()));
  return kept.length === entries.length ? sent : Object.fromEntries(kept);
}

/** Headers may be a class with a `toJSON` of its own, or anything else that somebody has made. */
function asJsonHasIt(headers: unknown): unknown {
  const json: string | undefined = JSON.stringify(headers);
  return json === undefined ? undefined : JSON.parse(json);
}

/** One that JSON shows as it is, member by member. */
function isPlainObject(value: unknown): boolean {
  if (!isRecord(value) || typeof value['toJSON'] === 'function') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
