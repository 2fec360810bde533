import type { RecordedResult } from '../stores/idempotency-store.ts';
import { KeyInvalidError, ResultNotRecordedError } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Conclusion, type Operation, recordId } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/**
 * The operation that an event of any kind stands for, `key` being what the option of that name made of it; `undefined`
 * where that is no key.
 * @throws KeyInvalidError if `key` is anything else but a string that is not empty
 */
export function keyedOperation(
  key: unknown,
  event: unknown,
  options: ResolvedOptions,
): Operation | undefined {
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
  try {
    // `undefined`, a function and a symbol have no JSON: the Lambda runtime would send nothing either.
    const json: string | undefined = JSON.stringify(result);
    return json === undefined ? { kind: 'undefined' } : { kind: 'json', json };
  } catch {
    return { kind: 'omitted', reason: 'not-serializable' };
  }
}

export function replayResult(recorded: RecordedResult): unknown {
  if (recorded.kind === 'omitted') throw new ResultNotRecordedError(recorded.reason);
  return recorded.kind === 'json' ? JSON.parse(recorded.json) : undefined;
}
