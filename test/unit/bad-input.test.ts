/**
 * What anybody can send, through the whole of `idempotent()`. The readers of single members (headers, query, body,
 * key) have their own tests beside them; here only the outcome counts.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type IdempotencyRecord,
  type InProgressRecord,
  idempotent,
  isIdempotencyError,
  MemoryStore,
} from '../../lib/index.ts';
import { albEvent, albMultiValueEvent, httpApiEvent, restApiEvent } from './http/front-door-events.ts';

const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';
const MEGABYTE = 2 ** 20;
const NAMESPACE = 'bad-input';

/** A store that lets no record in that does not look as the protocol makes them. */
class StrictStore extends MemoryStore {
  readonly ids = new Set<string>();

  override acquire(record: InProgressRecord, nowSeconds: number) {
    expectValidRecord(record);
    this.ids.add(record.id);
    return super.acquire(record, nowSeconds);
  }
}

function expectValidRecord({ id, owner, fingerprint, ...rest }: IdempotencyRecord): void {
  expect(id).toMatch(/^bad-input#[A-Za-z0-9_-]{43}$/);
  expect(owner).toMatch(/^[0-9a-f-]{36}$/);
  expect(fingerprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(rest).toEqual({
    status: 'INPROGRESS',
    attempt: 1,
    expiresAtSeconds: expect.any(Number),
    leaseEndsAtMs: expect.any(Number),
  });
  expect(Number.isSafeInteger(rest.expiresAtSeconds) && Number.isSafeInteger(rest.leaseEndsAtMs)).toBe(true);
}

let store: StrictStore;
beforeEach(() => {
  store = new StrictStore();
});

type Outcome = 'took effect once' | 'refused' | 'unguarded';

/**
 * Sends an event and its retry. Throws where the two together are neither one effect with its replay, nor refused
 * twice alike, nor one of the cases that need no lock.
 */
async function sendTwice(event: unknown): Promise<Outcome> {
  let runs = 0;
  const guarded = idempotent<unknown, unknown, undefined>(
    async () => ({ statusCode: 200, body: String(++runs) }),
    { store, namespace: NAMESPACE, onEvent: () => {} },
  );
  const retry: unknown = structuredClone(event);
  const answers = [await outcomeOf(guarded, event), await outcomeOf(guarded, retry)];
  const [first, second] = answers.map(({ body }) => body);
  const ids = store.ids.size;
  store = new StrictStore();

  for (const answer of answers) expectSafeHeaders(answer);
  if (runs === 1 && first === '1' && second === '1' && ids === 1) return 'took effect once';
  if (runs === 0 && first === second && ids === 0) return 'refused';
  if (runs === 2 && ids === 0) return 'unguarded';
  throw new Error(`${runs} runs and ${ids} records, answered by ${first} and ${second}`);
}

interface SeenAnswer {
  readonly body: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

async function outcomeOf(
  guarded: (event: unknown, context: undefined) => Promise<unknown>,
  event: unknown,
): Promise<SeenAnswer> {
  try {
    // Both the handler's answer and the problem documents are HTTP answers.
    return (await guarded(event, undefined)) as SeenAnswer;
  } catch (error) {
    if (!isIdempotencyError(error)) throw error;
    return { body: error.code };
  }
}

/** What a client sent must not end or begin a header of the answer. */
function expectSafeHeaders({ headers = {} }: SeenAnswer): void {
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toMatch(/^[A-Za-z-]+$/);
    expect(String(value)).toMatch(/^[\x20-\x7e]*$/);
  }
}

type Members = Readonly<Record<string, unknown>>;
type FrontDoor = readonly [name: string, event: (members: Members) => Members];

/** Every front door, and a request with a key through it. */
const FRONT_DOORS: readonly FrontDoor[] = [
  ['rest-api', (members) => restApiEvent({ ...bothHeaders({}), body: '{}', ...members })],
  ['http-api', (members) => httpApiEvent({ ...singleHeaders({}), body: '{}', ...members })],
  ['alb', (members) => albEvent({ ...singleHeaders({}), body: '{}', ...members })],
  ['alb-multi-value', (members) => albMultiValueEvent({ ...multipleHeaders({}), body: '{}', ...members })],
];

const withKey = (headers: Members): Members => ({
  'content-type': 'application/json',
  'idempotency-key': KEY,
  ...headers,
});
const singleHeaders = (headers: Members): Members => ({ headers: withKey(headers) });
const multipleHeaders = (headers: Members): Members => ({
  multiValueHeaders: Object.fromEntries(
    Object.entries(withKey(headers)).map(([name, value]) => [name, [value]]),
  ),
});
const bothHeaders = (headers: Members): Members => ({
  ...singleHeaders(headers),
  ...multipleHeaders(headers),
});

function headersOf(frontDoor: string, headers: Members): Members {
  if (frontDoor === 'rest-api') return bothHeaders(headers);
  return frontDoor === 'alb-multi-value' ? multipleHeaders(headers) : singleHeaders(headers);
}

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
      store,
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

describe('records', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', ',', '[', ']', '\\', '\ud800', '\udc00', 'a') }),
    fc.constantFrom('', '__proto__', 'null', '\ud800', '\udfff', '\ufffd'),
  );

  test('are shared by two keys only if these are equal, whatever is in them', async () => {
    const ids = new Map<string, string>();
    let last = '';
    const guarded = idempotent(async (_key: string) => {}, {
      store: new MemoryStore(),
      namespace: NAMESPACE,
      key: (key) => key,
      onEvent: (event) => {
        if ('id' in event) last = event.id;
      },
    });
    await fc.assert(
      fc.asyncProperty(
        text.filter((key) => key !== ''),
        async (key) => {
          await guarded(key, undefined as never); // Outside Lambda there is no context to hand over.
          expect(ids.get(last) ?? key).toBe(key);
          ids.set(last, key);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('are shared by two requests only if caller, path and key are all equal', async () => {
    const scopes = new Map<string, string>();
    const caller = (event: unknown) => (event as { caller: string }).caller; // Every event below has one.
    await fc.assert(
      fc.asyncProperty(text, text, fc.constantFrom('k', '"k"', 'k2', '"a,b"'), async (who, path, key) => {
        const watched = new StrictStore();
        const options = { store: watched, namespace: NAMESPACE, caller, onEvent: () => {} };
        const guarded = idempotent<unknown, unknown, undefined>(async () => ({ statusCode: 200 }), options);
        const event = { ...httpApiEvent({ ...singleHeaders({ 'idempotency-key': key }) }), caller: who };
        await guarded({ ...event, rawPath: `/${path}` }, undefined);
        const [id = ''] = watched.ids;
        // A quoted key is the same as a bare one.
        const scope = JSON.stringify([who, path, key.replaceAll('"', '')]);
        expect(scopes.get(id) ?? scope).toBe(scope);
        scopes.set(id, scope);
      }),
      { numRuns: 1000 },
    );
  });

  test('are never made of a key that is no text, or empty', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything().filter((key) => (typeof key !== 'string' || key === '') && key !== undefined),
        async (key) => {
          const guarded = idempotent<unknown, unknown, undefined>(async () => 'ran', {
            store,
            namespace: NAMESPACE,
            key: () => key as string, // What a caller who is not compiled may return.
          });
          await expect(guarded({}, undefined)).rejects.toMatchObject({ code: 'KEY_INVALID' });
        },
      ),
    );
    expect(store.ids.size).toBe(0);
  });
});

describe('time', () => {
  const SMALL = 8_000;
  const TIMES_LARGER = 16;
  /**
   * Linear work takes 16 times as long, quadratic work 256 times. In between is room for a busy machine, and what is
   * too short to be measured counts as a millisecond.
   */
  const RATIO_MAX = 100;
  const MEASURABLE_MS = 1;
  const TRIES = 5;

  const many = (count: number, entry: (index: number) => readonly [string, unknown]): Members =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));

  test.each<readonly [string, (size: number) => Members]>([
    ['the length of the key', (n) => singleHeaders({ 'idempotency-key': '\\'.repeat(n) })],
    ['the length of a quoted key', (n) => singleHeaders({ 'idempotency-key': `"${'\\'.repeat(n)}` })],
    ['the white space around a key', (n) => singleHeaders({ 'idempotency-key': `a${' \t'.repeat(n)}a` })],
    ['the length of the content type', (n) => singleHeaders({ 'content-type': `a/${'+json'.repeat(n)}x` })],
    ['the number of headers', (n) => singleHeaders(many(n, (index) => [`x-${index}`, 'x']))],
    ['the number of values of one header', (n) => singleHeaders({ 'x-other': Array(n).fill('x') })],
    ['the number of query parameters', (n) => ({ rawQueryString: 'a=%20&b+=1&'.repeat(n) })],
    ['broken escapes in the query', (n) => ({ rawQueryString: `a=${'%'.repeat(n)}` })],
    ['the length of the path', (n) => ({ rawPath: '/a'.repeat(n) })],
    ['the length of a JSON body', (n) => ({ body: `[${'{"b":1,"a":2},'.repeat(n)}0]` })],
    ['the members of a JSON body', (n) => ({ body: JSON.stringify(many(n, (i) => [`m${i}`, i])) })],
    ['the depth of a JSON body', (n) => ({ body: '['.repeat(n) + ']'.repeat(n) })],
    ['a JSON body of backslashes', (n) => ({ body: JSON.stringify('\\'.repeat(n)) })],
    ['a base64 body', (n) => ({ body: 'YWJj'.repeat(n), isBase64Encoded: true })],
    ['a body that is nearly base64', (n) => ({ body: `${'YWJj'.repeat(n)}YW-j`, isBase64Encoded: true })],
    ['a body that was parsed before', (n) => ({ body: many(n, (index) => [`m${index}`, [index]]) })],
    ['the ARN of a caller', (n) => callerContext({ iam: { userArn: `${':assumed-role'.repeat(n)}/` } })],
    [
      'the slashes in the ARN of a caller',
      (n) => callerContext({ iam: { userArn: ':assumed-role/'.repeat(n) } }),
    ],
    ['the id of a caller', (n) => callerContext({ iam: { userId: `AROA${'AROA'.repeat(n)}` } })],
  ])('grows with %s no more than linearly', async (_name, membersOf) => {
    const small = httpApiEvent({ ...singleHeaders({}), ...membersOf(SMALL) });
    const large = httpApiEvent({ ...singleHeaders({}), ...membersOf(SMALL * TIMES_LARGER) });
    const smallMs = Math.max(await fastestMs(small), MEASURABLE_MS);
    expect((await fastestMs(large)) / smallMs).toBeLessThan(RATIO_MAX);
  });

  function callerContext(authorizer: object): Members {
    return { requestContext: { http: { method: 'POST', path: '/' }, authorizer } };
  }

  /** The fastest of some tries is the one that the rest of the machine disturbed least. */
  async function fastestMs(event: Members): Promise<number> {
    let fastest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < TRIES; tries++) {
      const started = performance.now();
      await sendTwice(event);
      fastest = Math.min(fastest, performance.now() - started);
    }
    return fastest;
  }
});
