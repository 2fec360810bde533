/**
 * Which values of the key's header are a key, said once more in this suite's own words, from README and RFC 9651: a test
 * that asked the library would agree with it whatever it did.
 */
const KEY_MAX_CHARACTERS = 255;
/** Anything longer is refused without a look inside. */
const HEADER_MAX_CHARACTERS = 1024;

export function isUsableKey(header: string): boolean {
  if (header.length > HEADER_MAX_CHARACTERS) return false;
  const value = header.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
  // Visible ASCII but for comma and double quote.
  const bare = /^[!#-+\--~]+$/;
  // Printable ASCII, in which a backslash escapes itself or a double quote; behind it, parameters or nothing.
  const quoted = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/;
  const key = bare.test(value) ? value : quoted.exec(value)?.[1]?.replace(/\\(.)/g, '$1');
  return key !== undefined && key.length <= KEY_MAX_CHARACTERS;
}
