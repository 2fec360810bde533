import type { HttpRequest } from '../http/http-request.ts';
import { replayAnswer } from '../http/replayed-answer.ts';
import { ConfigurationError } from './errors.ts';
import { concludeAnswer } from './http-operation.ts';
import { concludeResult, replayResult } from './keyed-operation.ts';
import type { Operation } from './operation.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/**
 * The operation whose record the option `identity` names. `request` is the event as an HTTP request, if it is one: then
 * its answers are recorded and replayed as such.
 * @throws ConfigurationError if `identity` is neither a record's id with a fingerprint, nor undefined
 */
export function identifiedOperation(
  identity: unknown,
  request: HttpRequest | undefined,
  options: ResolvedOptions,
): Operation | undefined {
  if (identity === undefined) return undefined;
  const { id, fingerprint } = Object(identity) as { readonly id?: unknown; readonly fingerprint?: unknown };
  if (typeof id !== 'string' || id === '' || typeof fingerprint !== 'string') {
    throw new ConfigurationError(
      'The option `identity` must return { id, fingerprint }, two strings of which the first is not empty, or undefined to run without a lock.',
    );
  }
  if (request === undefined) return { id, fingerprint, conclude: concludeResult, replay: replayResult };
  return {
    id,
    fingerprint,
    conclude: (answer) => concludeAnswer(answer, request),
    replay: (recorded) => replayAnswer(recorded, request, options),
  };
}
