/** What anybody can send, at random. A failure prints its seed and the smallest input that it could find. */
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { FRONT_DOORS, headersOf } from './front-doors.ts';
import { sendTwice } from './send-twice.ts';
import { isUsableKey } from './usable-key.ts';

// Each test sends some hundred requests: 1 s on an idle machine.
jest.setTimeout(60_000);

/** Any sequence of code units, and such as readers of keys, queries and JSON stumble over. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      ',',
      ';',
      ' ',
      '\t',
      '%',
      '+',
      '&',
      '=',
      '{',
      ']',
      '\ud800',
      '\udc00',
      'a',
    ),
    maxLength: 300,
  }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'null', 'undefined', '0', '-0', 'NaN'),
);

const key = fc.oneof(
  text,
  text.map((inside) => `"${inside}"`),
  fc.string({ unit: fc.constantFrom(...'!#$*+-./:;<=>?@[]^_`{|}~aZ09'), minLength: 1, maxLength: 300 }),
  fc
    .string({ unit: fc.constantFrom(' ', '!', ',', ';', 'a', '\\"', '\\\\'), minLength: 1, maxLength: 300 })
    .map((inside) => ` "${inside}"\t`),
);

const jsonValue = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });

describe.each(FRONT_DOORS)('behind %s', (frontDoor, event) => {
  test('any value of the key header is a key by the rules, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(key, async (value) => {
        const outcome = await sendTwice(event(headersOf(frontDoor, { 'idempotency-key': value })));
        expect(outcome).toBe(isUsableKey(value) ? 'took effect once' : 'refused');
      }),
      { numRuns: 200 },
    );
  });

  test('any other headers, under any names, are let through', async () => {
    const headers = fc.dictionary(
      text.filter((name) => name.toLowerCase() !== 'idempotency-key'),
      fc.oneof(text, fc.array(text, { maxLength: 3 })),
    );
    await fc.assert(
      fc.asyncProperty(headers, async (others) => {
        expect(await sendTwice(event(headersOf(frontDoor, others)))).toBe('took effect once');
      }),
      { numRuns: 100 },
    );
  });

  test('any body of any content type is let through, whether or not it is said to be base64', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, fc.boolean(), async (body, contentType, isBase64Encoded) => {
        const headers = headersOf(frontDoor, { 'content-type': contentType });
        expect(await sendTwice(event({ ...headers, body, isBase64Encoded }))).toBe('took effect once');
      }),
      { numRuns: 100 },
    );
  });

  test('any query is let through', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.dictionary(text, text), async (rawQueryString, queryStringParameters) => {
        const multiValueQueryStringParameters = Object.fromEntries(
          Object.entries(queryStringParameters).map(([name, value]) => [name, [value, value]]),
        );
        const members = { rawQueryString, queryStringParameters, multiValueQueryStringParameters };
        expect(await sendTwice(event(members))).toBe('took effect once');
      }),
      { numRuns: 100 },
    );
  });

  test('any path below the root is let through', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (rest) => {
        const path = `/${rest}`;
        expect(await sendTwice(event({ path, rawPath: path }))).toBe('took effect once');
      }),
      { numRuns: 100 },
    );
  });

  test('any JSON that is spelled anew on the retry is the same request', async () => {
    await fc.assert(
      fc.asyncProperty(jsonValue, fc.boolean(), async (value, isBase64Encoded) => {
        const respelled = JSON.stringify(reversed(value), null, 2);
        const body = isBase64Encoded ? Buffer.from(respelled).toString('base64') : respelled;
        const first = event({ body: JSON.stringify(value) });
        expect(await sendTwice(first, event({ body, isBase64Encoded }))).toBe('took effect once');
      }),
      { numRuns: 100 },
    );
  });

  test('any event at all is refused, or takes effect once, and its retry meets the same end', async () => {
    const names = [
      'body,cookies,headers,httpMethod,isBase64Encoded,multiValueHeaders,multiValueQueryStringParameters,path',
      'queryStringParameters,rawBody,rawPath,rawQueryString,requestContext,version',
    ].flatMap((list) => list.split(','));
    const member = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.anything({ withNullPrototype: true, withDate: true, withTypedArray: true }),
      },
      { weight: 1, arbitrary: text },
    );
    const spoiled = fc
      .dictionary(fc.constantFrom(...names), member, { maxKeys: 3 })
      .map((members) => event(members));
    await fc.assert(
      // It throws where the two requests together are none of the outcomes that are allowed.
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: spoiled }, { weight: 1, arbitrary: member }),
        async (any) => {
          await sendTwice(any);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** The same JSON value with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
}
