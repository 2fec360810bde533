/**
 * What anybody can send, through the whole of `idempotent()`. The readers of single members (headers, query, body,
 * key) have their own tests; here only the outcome counts.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { idempotent, MemoryStore } from '../../lib/index.ts';
import { FRONT_DOORS, headersOf, KEY, type Members, NAMESPACE, sendTwice, withKey } from './send-twice.ts';

const MEGABYTE = 2 ** 20;

/** Members by names that every object inherits, as `JSON.parse` makes them: of the object's own. */
const POLLUTING: Members = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"prototype":"x","toString":"x"}',
);

const TEXTS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a megabyte', 'k'.repeat(MEGABYTE)],
  ['a megabyte of spaces', ' '.repeat(MEGABYTE)],
  ['a megabyte of quotes', '"'.repeat(MEGABYTE)],
  ['a megabyte of percent signs', '%'.repeat(MEGABYTE)],
  ['NUL', 'a\u0000b'],
  ['CRLF and a header', 'a\r\nSet-Cookie: a=b'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00a'],
  ['a byte order mark', '\ufeffa'],
  ['right-to-left override', 'a\u202eb'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['a path that climbs', '../../etc/passwd'],
  ['markup', '<script>alert(1)</script>'],
  ['a DynamoDB expression', '#status = :completed'],
];

describe.each(FRONT_DOORS)('behind %s', (frontDoor, event) => {
  describe.each(TEXTS)('%s', (_name, text) => {
    test.each([
      ['key', headersOf(frontDoor, { 'idempotency-key': text })],
      ['quoted key', headersOf(frontDoor, { 'idempotency-key': `"${text}"` })],
      ['value of another header', headersOf(frontDoor, { 'x-other': text })],
      ['content type', headersOf(frontDoor, { 'content-type': text })],
      ['name of a header', headersOf(frontDoor, { [text]: 'x' })],
      ['query', { rawQueryString: text, queryStringParameters: { [text]: text } }],
      ['query of many values', { multiValueQueryStringParameters: { [text]: [text, text] } }],
      ['body', { body: text }],
      ['body that is said to be base64', { body: text, isBase64Encoded: true }],
      ['path', { path: text, rawPath: text }],
    ])('as %s is refused, or takes effect once', async (_place, members) => {
      expect(['took effect once', 'refused']).toContain(await sendTwice(event(members)));
    });

    test('as the caller is refused, or takes effect once', async () => {
      const requestContext = {
        ...(event({})['requestContext'] as object), // The events of every front door have one.
        identity: { user: text, caller: text, userArn: text },
        authorizer: { jwt: { claims: { iss: text, sub: text } }, principalId: text },
      };
      const members = { ...headersOf(frontDoor, { 'x-amzn-oidc-identity': text }), requestContext };
      expect(['took effect once', 'refused']).toContain(await sendTwice(event(members)));
    });
  });

  test.each([
    ['the header twice', { 'Idempotency-Key': 'a', 'idempotency-key': 'a' }],
    ['the header in three spellings', { 'IDEMPOTENCY-KEY': 'a', 'Idempotency-key': 'b' }],
    ['no text', { 'idempotency-key': { key: KEY } }],
    ['a list of lists', { 'idempotency-key': [[KEY]] }],
    ['two values in a list', { 'idempotency-key': [KEY, KEY] }],
    ['nothing', { 'idempotency-key': null }],
  ])('a key header that holds %s is refused', async (_name, headers) => {
    expect(await sendTwice(event(headersOf(frontDoor, headers)))).toBe('refused');
  });

  test.each([
    ['10,000 levels of arrays', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['10,000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['10,000 levels that are never closed', '['.repeat(10_000)],
    ['100,000 members', `{${Array.from({ length: 100_000 }, (_, i) => `"m${i}":${i}`).join(',')}}`],
    ['one name 100,000 times', `{${Array.from({ length: 100_000 }, () => '"a":1').join(',')}}`],
    ['numbers beyond all bounds', '[1e999,-1e999,1e-999,123456789012345678901234567890]'],
    ['lone surrogates in escapes', '{"\\ud800":"\\udc00"}'],
    ['6 MB of text', JSON.stringify('x'.repeat(6 * MEGABYTE))],
    ['6 MB of brackets', '[]'.repeat(3 * MEGABYTE)],
    ['broken JSON', '{"a":'],
  ])('a body of %s takes effect once', async (_name, body) => {
    expect(await sendTwice(event({ body }))).toBe('took effect once');
    const encoded = Buffer.from(body).toString('base64');
    expect(await sendTwice(event({ body: encoded, isBase64Encoded: true }))).toBe('took effect once');
  });

  test.each([
    ['6 MB', Buffer.alloc(6 * MEGABYTE, 0xff).toString('base64')],
    ['no padding', 'YQ'],
    ['padding only', '===='],
    ['padding in the middle', 'YQ==YQ=='],
    ['the URL-safe alphabet', '-_-_'],
    ['white space', 'YW Jj'],
    ['bytes that are not UTF-8', '/////w=='],
  ])('base64 of %s takes effect once', async (_name, body) => {
    expect(await sendTwice(event({ body, isBase64Encoded: true }))).toBe('took effect once');
  });

  test.each([undefined, null, 0, 'x', [], {}, { http: null }, { elb: [], authorizer: [] }, POLLUTING])(
    'the request context %j is refused, or takes effect once',
    async (requestContext) => {
      expect(['took effect once', 'refused']).toContain(await sendTwice(event({ requestContext })));
    },
  );

  test('names that every object inherits pollute nothing, wherever they are sent', async () => {
    const before = inheritedNames();
    const base = event({})['requestContext'] as object; // The events of every front door have one.
    const polluted = [
      { headers: { ...withKey({}), ...own(POLLUTING) }, multiValueHeaders: own(POLLUTING) },
      { queryStringParameters: POLLUTING, multiValueQueryStringParameters: POLLUTING },
      { rawQueryString: '__proto__=x&__proto__[polluted]=1&constructor.prototype.polluted=1' },
      { body: JSON.stringify({ a: 1 }).replace('"a"', '"__proto__"') },
      { body: POLLUTING },
      { requestContext: { ...base, identity: POLLUTING, authorizer: POLLUTING } },
      POLLUTING,
    ];
    for (const members of polluted) await sendTwice(event(own(members)));
    expect(inheritedNames()).toEqual(before);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('an answer with such names comes back from the record as it was, and pollutes nothing', async () => {
    const before = inheritedNames();
    const answer = JSON.parse(
      '{"statusCode":200,"__proto__":{"polluted":true},"headers":{"__proto__":"x","a":"b"},"body":"x"}',
    );
    const guarded = idempotent<unknown, unknown, undefined>(async () => answer, {
      store: new MemoryStore(),
      namespace: NAMESPACE,
    });
    await guarded(event({}), undefined);
    const replay = JSON.stringify(await guarded(event({}), undefined));
    expect(replay).toContain('"__proto__":{"polluted":true}');
    expect(inheritedNames()).toEqual(before);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

/** Spreading keeps own members by the name `__proto__`; literals and assignments would set the prototype. */
function own(members: Members): Members {
  return { ...members };
}

function inheritedNames(): readonly (readonly PropertyKey[])[] {
  return [Object, Array, Function, String, Map, Error].map(({ prototype }) => Reflect.ownKeys(prototype));
}

describe('any event at all', () => {
  const member = fc.oneof(
    { weight: 3, arbitrary: fc.anything({ withNullPrototype: true, withDate: true, withTypedArray: true }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.constant(POLLUTING) },
  );
  const names = [
    'body,cookies,headers,httpMethod,isBase64Encoded,multiValueHeaders,multiValueQueryStringParameters,path',
    'queryStringParameters,rawBody,rawPath,rawQueryString,requestContext,version',
  ].flatMap((list) => list.split(','));
  const hostile = fc
    .tuple(fc.constantFrom(...FRONT_DOORS), fc.dictionary(fc.constantFrom(...names), member, { maxKeys: 3 }))
    .map(([[, event], members]) => event(members));

  test('is refused, or takes effect once, and its retry meets the same end', async () => {
    const before = inheritedNames();
    await fc.assert(
      fc.asyncProperty(fc.oneof(hostile, member), async (event) => {
        await sendTwice(event);
      }),
      { numRuns: 2000 },
    );
    expect(inheritedNames()).toEqual(before);
  });
});
