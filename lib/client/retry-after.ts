/** A weekday, a date, and GMT: the three forms of RFC 9110 section 5.6.7, of which the last (asctime) names no zone. */
const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)([a-z]*, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT| [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now: whole seconds, or a date. `undefined` where there is
 * none or it is neither; 0 for a date that has passed.
 *
 * A date is measured from the answer's own `Date` where that can be read, since it is the server's clock that both are of.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = parseHttpDate(value);
  if (at === undefined) return undefined;
  return Math.max(0, at - (parseHttpDate(headers.get('date')?.trim() ?? '') ?? nowMs));
}

function parseHttpDate(value: string): number | undefined {
  if (!HTTP_DATE.test(value)) return undefined;
  const ms = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
