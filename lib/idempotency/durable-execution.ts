import { ConfigurationError } from './errors.ts';

/** How the SDK of AWS Lambda durable functions marks its context (since 2.0); found without importing the SDK. */
const DURABLE_CONTEXT_BRAND = Symbol.for('@aws/durable-execution-sdk-js/durable-context');

/**
 * A durable function is suspended in the middle, and its handler starts from the top again in a later invocation. A
 * guard round it would meet its own lock there and refuse the very execution that holds it; a guard outside of the
 * SDK would record the answer "suspended" as the result. Both are configuration errors, and neither shows before the
 * first suspension, so every invocation is looked at, before the store is asked for anything (docs/adr/0015).
 *
 * @throws ConfigurationError that says where a guard belongs in a durable function
 */
export function refuseDurableExecution(event: unknown, context: unknown): void {
  if (isDurableContext(context)) {
    throw new ConfigurationError(
      'A durable handler cannot be guarded: it starts from the top again in every invocation of its execution, and would be refused by its own lock. Give the execution a name when it is started, and guard the body of a step: context.step("charge", () => guarded(order, context.lambdaContext)).',
    );
  }
  if (isDurableInvocation(event)) {
    throw new ConfigurationError(
      'A durable function cannot be guarded from outside: the first invocation that is suspended would be recorded as the result, and the execution could not go on. Use withDurableExecution() outermost, and guard the body of a step inside it.',
    );
  }
}

function isDurableContext(context: unknown): boolean {
  if (typeof context !== 'object' || context === null) return false;
  if (Reflect.get(context, DURABLE_CONTEXT_BRAND) === true) return true;
  const { lambdaContext, step } = context as { lambdaContext?: unknown; step?: unknown };
  return typeof lambdaContext === 'object' && typeof step === 'function';
}

/** What Lambda sends to a durable function, before the SDK has taken the user's own event out of it. */
function isDurableInvocation(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false;
  const { DurableExecutionArn, CheckpointToken } = event as Record<string, unknown>;
  return typeof DurableExecutionArn === 'string' && typeof CheckpointToken === 'string';
}
