import { ownEntries, textValues } from './own-property.ts';

/** Header values by lower-case name. A `Map`, because a header may be called `__proto__`. */
export type HeaderValues = ReadonlyMap<string, readonly string[]>;

/**
 * The headers of an event. `multiValueHeaders` knows every value and wins; `headers` fills in the names that it
 * lacks (a header normalizer with defaults, or a hand-written test event, may leave them different). Spellings
 * of one name that differ in case only are one header with several values.
 */
export function readHeaderValues(headers: unknown, multiValueHeaders: unknown): HeaderValues {
  const multiple = valuesByLowerCaseName(multiValueHeaders);
  const single = valuesByLowerCaseName(headers);
  return new Map([...single, ...multiple]);
}

function valuesByLowerCaseName(headers: unknown): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of ownEntries(headers)) {
    const texts = textValues(value);
    if (texts.length === 0) continue;
    const lowerCase = name.toLowerCase();
    const known = byName.get(lowerCase);
    if (known === undefined) byName.set(lowerCase, [...texts]);
    else for (const text of texts) known.push(text);
  }
  return byName;
}
