import { JMESPathTypeError, search } from '@aws-lambda-powertools/jmespath';
import { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';
import { ConfigurationError, KeyInvalidError } from '../idempotency/errors.ts';
import { canonicalJson } from '../idempotency/fingerprint.ts';

type JSONObject = Parameters<typeof search>[1];

const options = { customFunctions: new PowertoolsFunctions() };

/**
 * The part of an event that a JMESPath expression selects, for the option `key`. Powertools' own functions
 * (`powertools_json`, `powertools_base64`, `powertools_base64_gzip`) reach what is encoded inside of the event.
 *
 * A string is the key as it stands, so that `jmespath('detail.orderId')` and `(event) => event.detail.orderId` mean the
 * same operation. Everything else is written as canonical JSON: `jmespath('[tenant, orderId]')` makes one key of two
 * parts. An event in which the expression finds nothing, or only some of the parts, is refused: it never runs without
 * a lock, and never shares a key with others of its kind.
 *
 * ```ts
 * export const handler = idempotent(chargeOrder, { key: jmespath('detail.orderId') });
 * ```
 *
 * @throws ConfigurationError at once, if `expression` is no JMESPath expression
 * @throws KeyInvalidError from the function that is returned, if the event has no such part
 */
export function jmespath(expression: string): (event: unknown) => string {
  checkExpression(expression);

  return function keyByJmespath(event: unknown): string {
    const key = asKey(select(expression, event));
    if (key === undefined) {
      throw new KeyInvalidError(
        `The JMESPath expression ${expression} selects nothing, or not all of its parts, in this event. Every event of this operation needs a value there.`,
      );
    }
    return key;
  };
}

/** There is no call that only parses; on an empty event, whatever is not the want of data is the expression's fault. */
function checkExpression(expression: unknown): void {
  if (typeof expression !== 'string') {
    throw new ConfigurationError('jmespath(expression) takes a JMESPath expression as a string.');
  }
  try {
    search(expression, {}, options);
  } catch (cause) {
    if (cause instanceof JMESPathTypeError) return;
    throw new ConfigurationError(`This is no JMESPath expression: ${String(cause)}`, { cause });
  }
}

function select(expression: string, event: unknown): unknown {
  try {
    // An event is what JSON.parse made of Lambda's input; what it really is, the expression will find out.
    return search(expression, event as JSONObject, options);
  } catch {
    // A function of the expression was given another type than it takes, or bytes that it cannot read. What it says may
    // show a piece of the payload, so it is not handed on.
    return undefined;
  }
}

function asKey(selected: unknown): string | undefined {
  if (!isWhole(selected)) return undefined;
  return typeof selected === 'string' ? selected : canonicalJson(selected);
}

/** Whether every part is there: a missing member of a multi-select is `null`, and other events may lack it, too. */
function isWhole(selected: unknown): boolean {
  if (selected === undefined || selected === null || selected === '') return false;
  if (typeof selected !== 'object') return true;
  const parts = Object.values(selected);
  return parts.length > 0 && parts.every((part) => part !== null && part !== undefined);
}
