const unknownOutcomes = new WeakSet<object>();

/**
 * Marks an answer or an error that does not tell whether the operation took effect, and returns it. The key then
 * stays locked until its lease ends (see `onUncertain`), instead of being completed or given back.
 *
 * For Middy's early time-out, whose answer is made while the handler is still running, and for handlers whose own
 * upstream did not answer:
 *
 * ```ts
 * middy(handler, { timeoutEarlyInMillis: 500, timeoutEarlyResponse: () => outcomeUnknown({ statusCode: 503 }) })
 * ```
 *
 * An answer or error with status 504 (Gateway Timeout) says the same by itself and needs no mark.
 */
export function outcomeUnknown<T extends object>(answerOrError: T): T {
  unknownOutcomes.add(answerOrError);
  return answerOrError;
}

/** Whether `value` leaves the outcome open: by its mark, by status 504, or by being Middy's early time-out. */
export function isOutcomeUnknown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (unknownOutcomes.has(value)) return true;
  const { statusCode, name, cause } = value as { statusCode?: unknown; name?: unknown; cause?: unknown };
  if (statusCode === 504) return true;
  // Middy's core throws this one (6 and 7); a handler's own TimeoutError, such as fetch's, has another cause.
  const thrownBy =
    typeof cause === 'object' && cause !== null ? (cause as { package?: unknown }).package : undefined;
  return name === 'TimeoutError' && thrownBy === '@middy/core';
}
