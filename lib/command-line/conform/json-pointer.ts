/** The value that a JSON Pointer (RFC 6901) names, or `undefined` where there is none. */
export function valueAt(document: unknown, pointer: string): unknown {
  if (pointer === '') return document;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(memberOf, document);
}

function memberOf(value: unknown, token: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined;
  // A list has members that are no entries, such as its length.
  if (Array.isArray(value) && !/^\d+$/.test(token)) return undefined;
  return (value as Record<string, unknown>)[token];
}

export function isJsonPointer(text: string): boolean {
  return text === '' || text.startsWith('/');
}
