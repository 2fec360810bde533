import { ClientConfigurationError } from './errors.ts';

/** `bare`: `abc`, which most APIs in use take. `structured`: `"abc"`, an RFC 9651 string, as the draft has it. */
export type KeyFormat = 'bare' | 'structured';

/** Characters; the server's half takes no more. */
const KEY_MAX_LENGTH = 255;

/**
 * A new UUID. `crypto.randomUUID` is there in Node.js and in secure contexts of browsers (https, localhost).
 * @throws ClientConfigurationError elsewhere
 */
export function newUuid(): string {
  if (typeof globalThis.crypto?.randomUUID !== 'function') {
    throw new ClientConfigurationError(
      'There is no crypto.randomUUID here. Serve the page by https or from localhost, or give the option "newKey".',
    );
  }
  return globalThis.crypto.randomUUID();
}

/**
 * The header's value for `key`.
 * @throws ClientConfigurationError for a key that the server would refuse
 */
export function keyHeaderValue(key: string, format: KeyFormat): string {
  const form = format === 'bare' ? /^[\x21\x23-\x2b\x2d-\x7e]+$/ : /^[\x20-\x7e]+$/;
  if (typeof key !== 'string' || key.length > KEY_MAX_LENGTH || !form.test(key)) {
    throw new ClientConfigurationError(
      `Option "newKey" has to return 1 to ${KEY_MAX_LENGTH} characters of printable ASCII, and for the bare format none of them a space, a comma or a double quote.`,
    );
  }
  return format === 'bare' ? key : `"${key.replace(/["\\]/g, '\\$&')}"`;
}

/** The key that a request brings along, with or without the quotes of a structured field; `undefined` where it has none. */
export function ownKey(headers: Headers, keyHeader: string): string | undefined {
  const value = headers.get(keyHeader)?.trim();
  if (value === undefined || value === '') return undefined;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  return quoted === undefined ? value : quoted.replace(/\\(["\\])/g, '$1');
}
