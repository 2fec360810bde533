import type { HttpRequest } from '../http/http-request.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import { answerStatus, recordAnswer, withoutBody } from '../http/recorded-answer.ts';
import { replayAnswer } from '../http/replayed-answer.ts';
import { fingerprintHttpRequest } from '../http/request-fingerprint.ts';
import { ConfigurationError, KeyMissingError } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Conclusion, type Operation, recordId } from './operation.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/**
 * The operation that an HTTP request stands for: caller, method, path and key are its identity, query and body its
 * payload. `undefined` where `keyRequired: false` and there is no key.
 * @throws KeyMissingError, KeyInvalidError, ConfigurationError before anything is asked of the store
 */
export function httpOperation(
  event: unknown,
  request: HttpRequest,
  options: ResolvedOptions,
): Operation | undefined {
  const key = readIdempotencyKey(request.headerValues(options.keyHeader), options.keyHeader);
  if (key === undefined) {
    if (options.keyRequired) throw new KeyMissingError(options.keyHeader);
    return undefined;
  }
  const caller = options.caller === undefined ? request.caller() : checkedCaller(options.caller(event));
  return {
    id: recordId(options.namespace, [caller ?? null, request.method, request.path, key]),
    fingerprint:
      options.fingerprint === undefined
        ? fingerprintHttpRequest(request)
        : fingerprintOf(options.fingerprint(event)),
    conclude: (answer) => concludeAnswer(answer, request),
    replay: (recorded) => replayAnswer(recorded, request, options),
  };
}

/** A caller that is no string would be written into the id somehow, and callers might share it. */
function checkedCaller(caller: unknown): string | undefined {
  if (caller === undefined || typeof caller === 'string') return caller;
  throw new ConfigurationError(
    'The option `caller` must return a string that is the same for every retry of one caller, or undefined for anonymous callers.',
  );
}

/** A status of 500 and above is the handler's own word that it failed; everything below is a result. */
export function concludeAnswer(answer: unknown, request: HttpRequest): Conclusion {
  if (isOutcomeUnknown(answer)) return { kind: 'unknown' };
  if ((answerStatus(answer, request) ?? 200) >= 500) return { kind: 'failed' };
  return { kind: 'record', result: () => recordAnswer(answer), omit: withoutBody };
}
