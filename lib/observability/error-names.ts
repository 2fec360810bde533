/** Deep enough for our own error, the SDK's, and what the SDK met; an error may be its own cause. */
const CAUSES_MAX = 4;

/**
 * How DynamoDB says that it is throttled.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const THROTTLING: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);

/**
 * The names of an error and of its causes, outermost first. Names and nothing else: a message is whatever the thrower made
 * of it, and a store or a function of the user's own may quote a key there.
 */
export function namesOf(error: unknown): readonly string[] {
  const names: string[] = [];
  for (let current = error; current instanceof Error && names.length < CAUSES_MAX; current = current.cause) {
    names.push(current.name);
  }
  return names;
}

export function isThrottling(error: unknown): boolean {
  return namesOf(error).some((name) => THROTTLING.has(name));
}
