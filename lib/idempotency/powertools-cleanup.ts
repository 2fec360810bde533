/**
 * Middy skips every `after` where a `before` answers. Powertools' middlewares, which close a segment or publish metrics
 * there, leave a function for that case in `request.internal`, and ask whoever answers early to call it. The names are those
 * of `@aws-lambda-powertools/commons` 2, whose `cleanupMiddlewares` does the same; it is not imported, since it would come
 * into everybody's bundle.
 */
const CLEANUPS = ['tracer', 'metrics', 'logger'].map((name) => `powertools-for-aws.${name}`);

/** Never rejects: a replay is not lost because of what observes it. */
export async function cleanUpPowertools(request: {
  readonly internal: Readonly<Record<string, unknown>>;
}): Promise<void> {
  for (const name of CLEANUPS) {
    const cleanUp = request.internal[name];
    if (typeof cleanUp !== 'function') continue;
    try {
      await cleanUp(request);
    } catch (error) {
      console.warn(
        `lambda-idempotency: the clean-up of ${name} threw before a replay and was ignored:`,
        error,
      );
    }
  }
}
