import type { Context } from 'aws-lambda';
import type { RecordedResult } from '../stores/idempotency-store.ts';
import { KeyInvalidError, ResultNotRecordedError } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Conclusion, type Operation, recordId } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/**
 * The operation that an event of any kind stands for, by the `key` option; `undefined` where that gives no key.
 * @throws KeyInvalidError if `key` returns anything but a string that is not empty
 */
export function keyedOperation(
  event: unknown,
  context: Context | undefined,
  options: ResolvedOptions,
): Operation | undefined {
  const key: unknown = options.key?.(event, context);
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || key === '') {
    throw new KeyInvalidError(
      'The option `key` must return a string that is not empty, or undefined to run without a lock.',
    );
  }
  return {
    id: recordId(options.namespace, [key]),
    fingerprint: options.fingerprint === undefined ? '' : fingerprintOf(options.fingerprint(event)),
    conclude: concludeResult,
    replay: replayResult,
  };
}

export function concludeResult(result: unknown): Conclusion {
  if (isOutcomeUnknown(result)) return { kind: 'unknown' };
  return {
    kind: 'record',
    result: () => recordResult(result),
    omit: () => ({ kind: 'omitted', reason: 'too-large' }),
  };
}

function recordResult(result: unknown): RecordedResult {
  if (result === undefined) return { kind: 'undefined' };
  try {
    // A function or a symbol has no JSON: the Lambda runtime would send nothing either.
    const json: string | undefined = JSON.stringify(result);
    return json === undefined ? { kind: 'undefined' } : { kind: 'json', json };
  } catch {
    return { kind: 'omitted', reason: 'not-serializable' };
  }
}

function replayResult(recorded: RecordedResult): unknown {
  switch (recorded.kind) {
    case 'json':
      return JSON.parse(recorded.json);
    case 'undefined':
      return undefined;
    case 'omitted':
      throw new ResultNotRecordedError(recorded.reason);
  }
}
