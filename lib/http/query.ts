import { ownEntries, textValues } from './own-property.ts';

export type Query = readonly (readonly [name: string, value: string])[];

/**
 * The query of payload format 2.0. `queryStringParameters` joins repeated names with a comma, after which
 * `?a=1&a=2` and `?a=1,2` look alike; `rawQueryString` keeps them apart.
 */
export function readRawQuery(rawQueryString: string): Query {
  return rawQueryString
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1
        ? [decodeQueryText(pair), '']
        : [decodeQueryText(pair.slice(0, equals)), decodeQueryText(pair.slice(equals + 1))];
    });
}

/** The query of payload format 1.0, which API Gateway has decoded. `null`, missing and `{}` are all no query. */
export function readDecodedQuery(single: unknown, multiple: unknown): Query {
  return readQueryMembers(single, multiple, (text) => text);
}

/** The query of a load balancer, which passes names and values on as they were written. */
export function readEncodedQuery(single: unknown, multiple: unknown): Query {
  return readQueryMembers(single, multiple, decodeQueryText);
}

/** The multi-value form knows every value and wins; the single-value form fills in the names that it lacks. */
function readQueryMembers(single: unknown, multiple: unknown, decode: (text: string) => string): Query {
  const members = new Map([...ownEntries(single), ...ownEntries(multiple)]);
  const query: (readonly [string, string])[] = [];
  for (const [name, value] of members) {
    const decodedName = decode(name);
    for (const text of textValues(value)) query.push([decodedName, decode(text)]);
  }
  return query;
}

/**
 * Undoes `application/x-www-form-urlencoded`. What is not well-formed stays as it was written: `URLSearchParams`
 * would turn every undecodable byte into U+FFFD, and different requests would become equal.
 */
function decodeQueryText(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return text;
  }
}
