/**
 * What anybody can send, hand-picked, through the whole of a guarded handler in both of its forms. The readers of single
 * members (headers, query, body, key) have their own tests; here only the outcome counts. Whatever a client can write is
 * refused with a 4xx, or takes effect once.
 */
import { describe, expect, test } from '@jest/globals';
import { FRONT_DOORS, headersOf, KEY, type Members } from './front-doors.ts';
import { type Outcome, sendTwice } from './send-twice.ts';
import { isUsableKey } from './usable-key.ts';

const MEGABYTE = 2 ** 20;

const TEXTS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a megabyte', 'k'.repeat(MEGABYTE)],
  ['a megabyte of spaces', ' '.repeat(MEGABYTE)],
  ['a megabyte of quotes', '"'.repeat(MEGABYTE)],
  ['a megabyte of percent signs', '%'.repeat(MEGABYTE)],
  ['the longest key', 'k'.repeat(255)],
  ['one character more', 'k'.repeat(256)],
  ['NUL', 'a\u0000b'],
  ['CRLF and a header', 'a\r\nSet-Cookie: a=b'],
  ['a tab inside', 'a\tb'],
  ['DEL', 'a\u007f'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00a'],
  ['a byte order mark', '\ufeffa'],
  ['right-to-left override', 'a\u202eb'],
  ['full-width letters', '\uff4b\uff45\uff59'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['hasOwnProperty', 'hasOwnProperty'],
  ['two values joined by a comma', 'a,b'],
  ['one value twice, joined by a comma', 'a, a'],
  ['an open quote', '"a'],
  ['a quote that closes too soon', 'a"b'],
  ['a backslash at the end', 'a\\'],
  ['a path that climbs', '../../etc/passwd'],
  ['markup', '<script>alert(1)</script>'],
  ['a DynamoDB expression', '#status = :completed'],
  ['a format directive', '%s%s%n%x{{7*7}}'],
];

describe.each(FRONT_DOORS)('behind %s', (frontDoor, event) => {
  describe.each(TEXTS)('%s', (_name, text) => {
    test.each([
      ['key', text],
      ['quoted key', `"${text}"`],
    ])('as %s is refused or takes effect once, according to what a key is', async (_place, key) => {
      const expected: Outcome = isUsableKey(key) ? 'took effect once' : 'refused';
      expect(await sendTwice(event(headersOf(frontDoor, { 'idempotency-key': key })))).toBe(expected);
    });

    test.each<readonly [string, Members]>([
      ['value of another header', headersOf(frontDoor, { 'x-other': text })],
      ['content type', headersOf(frontDoor, { 'content-type': text })],
      ['name of a header', headersOf(frontDoor, { [text]: 'x' })],
      ['query', { rawQueryString: text, queryStringParameters: { [text]: text } }],
      ['query of many values', { multiValueQueryStringParameters: { [text]: [text, text] } }],
      ['body', { body: text }],
      ['body that is said to be base64', { body: text, isBase64Encoded: true }],
      ['path', { path: `/${text}`, rawPath: `/${text}` }],
      ['cookie', { cookies: [text] }],
    ])('as %s takes effect once', async (_place, members) => {
      expect(await sendTwice(event(members))).toBe('took effect once');
    });

    test('as the caller takes effect once, or is refused where it tells nobody from anybody else', async () => {
      const requestContext = {
        ...(event({})['requestContext'] as object), // The events of every front door have one.
        identity: { user: text, caller: text, userArn: text },
        authorizer: { jwt: { claims: { iss: text, sub: text } }, principalId: text },
      };
      const members = { ...headersOf(frontDoor, { 'x-amzn-oidc-identity': text }), requestContext };
      const isNobody = text === '' && !frontDoor.startsWith('alb');
      expect(await sendTwice(event(members))).toBe(isNobody ? 'misconfigured' : 'took effect once');
    });
  });

  test.each([
    ['the header twice', { 'Idempotency-Key': 'a', 'idempotency-key': 'a' }],
    ['the header in three spellings', { 'IDEMPOTENCY-KEY': 'a', 'Idempotency-key': 'b' }],
    ['two values in a list', { 'idempotency-key': [KEY, KEY] }],
    ['no text', { 'idempotency-key': { key: KEY } }],
    ['a list of lists', { 'idempotency-key': [[[KEY]]] }],
    ['nothing', { 'idempotency-key': null }],
  ])('a key header that holds %s is refused', async (_name, headers) => {
    expect(await sendTwice(event(headersOf(frontDoor, headers)))).toBe('refused');
  });

  test.each(['IDEMPOTENCY-KEY', 'Idempotency-Key', 'iDeMpOtEnCy-kEy'])(
    'a retry that spells the header %s is the same request',
    async (name) => {
      const first = event(headersOf(frontDoor, { 'idempotency-key': 'k' }));
      const retry = event(headersOf(frontDoor, { 'idempotency-key': undefined, [name]: '"k"' }));
      expect(await sendTwice(first, retry)).toBe('took effect once');
    },
  );

  test.each([
    ['10,000 levels of arrays', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['10,000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['10,000 levels that are never closed', '['.repeat(10_000)],
    ['100,000 levels of arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['20,000 members', `{${Array.from({ length: 20_000 }, (_, i) => `"m${i}":${i}`).join(',')}}`],
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

  test('no request context, or one of another form, is refused or takes effect once', async () => {
    for (const requestContext of [
      undefined,
      null,
      0,
      'x',
      [],
      {},
      { http: null },
      { elb: [], authorizer: [] },
    ]) {
      const outcome = await sendTwice(event({ requestContext }));
      // Without it, events of payload format 2.0 have no method; the others have it elsewhere.
      expect(['took effect once', 'misconfigured']).toContain(outcome);
    }
  });

  test('no headers at all are refused for want of a key', async () => {
    for (const headers of [undefined, null, 0, 'x', [], {}]) {
      expect(await sendTwice(event({ headers, multiValueHeaders: headers }))).toBe('refused');
    }
  });
});
