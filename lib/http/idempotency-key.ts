import { parseItem } from 'structured-headers';
import { KeyInvalidError } from '../idempotency/errors.ts';

/** Characters. Stripe's limit, and far above a UUID (36). */
export const KEY_MAX_LENGTH = 255;

/**
 * Characters of a header value that are looked at: the longest key with every character escaped and quoted
 * (512), and as much again for parameters. Anything longer is refused before it is parsed.
 */
const HEADER_VALUE_MAX_LENGTH = 1024;

/**
 * Reads an idempotency key from the values of its header.
 *
 * A value that starts with a double quote is a structured-field string (RFC 9651 section 3.3.3, as
 * draft-ietf-httpapi-idempotency-key-header asks for); its parameters, which no specification defines yet, are
 * ignored. Any other value is taken bare, as most APIs in use have it. Both spell the same key: `"abc"` is
 * `abc`. A bare key is made of visible ASCII without comma and double quote; a quoted one may hold any printable
 * ASCII, space included, with `\"` and `\\` escaped.
 *
 * A comma tells a repeated header, since some front doors join the values with one. Two values are refused even
 * if they are equal: something on the way has added one, and which key the client will retry with is a guess.
 *
 * @returns `undefined` where there is no such header.
 * @throws KeyInvalidError with a sentence for the client. It never repeats the value.
 */
export function readIdempotencyKey(values: readonly string[], headerName: string): string | undefined {
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw repeated(headerName);
  if (value.length > HEADER_VALUE_MAX_LENGTH) throw tooLong(headerName);

  const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '');
  if (trimmed === '') throw empty(headerName);
  const key = trimmed.startsWith('"') ? readQuotedKey(trimmed, headerName) : readBareKey(trimmed, headerName);
  if (key === '') throw empty(headerName);
  if (key.length > KEY_MAX_LENGTH) throw tooLong(headerName);
  return key;
}

function readQuotedKey(value: string, headerName: string): string {
  if (/[^\x20-\x7e]/.test(value)) throw notPrintable(headerName);
  let item: unknown;
  try {
    [item] = parseItem(value);
  } catch {
    // The parser's message tells an offset at best; the sentence below tells the form.
  }
  if (typeof item !== 'string') {
    throw new KeyInvalidError(
      `The ${headerName} header starts with a double quote but is not one structured-field string. Send a single value such as "8e03978e-40d5-43e8-bc93-6894a57f9324", closed by a double quote, with \\" for a double quote and \\\\ for a backslash inside.`,
    );
  }
  return item;
}

function readBareKey(value: string, headerName: string): string {
  if (value.includes(',')) throw repeated(headerName);
  if (/[^\x20-\x7e]/.test(value)) throw notPrintable(headerName);
  if (/[ "]/.test(value)) {
    throw new KeyInvalidError(
      `The ${headerName} header contains a space or a double quote. Send a key without them, such as a UUID, or write the whole key as a structured-field string in double quotes.`,
    );
  }
  return value;
}

function empty(headerName: string): KeyInvalidError {
  return new KeyInvalidError(`The ${headerName} header is empty. Send a unique value, such as a UUID.`);
}

function tooLong(headerName: string): KeyInvalidError {
  return new KeyInvalidError(
    `The ${headerName} header is too long. Send a key of at most ${KEY_MAX_LENGTH} characters, such as a UUID.`,
  );
}

function notPrintable(headerName: string): KeyInvalidError {
  return new KeyInvalidError(
    `The ${headerName} header contains a character that is not printable ASCII. Send a key of visible ASCII characters, such as a UUID.`,
  );
}

function repeated(headerName: string): KeyInvalidError {
  return new KeyInvalidError(
    `The ${headerName} header has more than one value, or a comma in its value. Send the header once, with one key that has no comma.`,
  );
}
