import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import headerNormalizer from 'middy6-http-header-normalizer';
import jsonBodyParser from 'middy6-http-json-body-parser';
import headerNormalizer7 from 'middy7-http-header-normalizer';
import jsonBodyParser7 from 'middy7-http-json-body-parser';
import { readHttpRequest } from '../../../lib/http/front-door.ts';
import { readIdempotencyKey } from '../../../lib/http/idempotency-key.ts';
import { fingerprintHttpRequest } from '../../../lib/http/request-fingerprint.ts';
import { isIdempotencyError } from '../../../lib/idempotency/errors.ts';
import { albEvent, albMultiValueEvent, httpApiEvent, requestOf, restApiEvent } from './front-door-events.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('which front door', () => {
  test.each([
    ['rest-api', restApiEvent()],
    ['rest-api', restApiEvent({ version: '1.0' })],
    ['http-api', httpApiEvent()],
    ['alb', albEvent()],
    ['alb-multi-value', albMultiValueEvent()],
  ])('%s is recognized, with its method and path', (frontDoor, event) => {
    expect(requestOf(event)).toMatchObject({ frontDoor, method: 'POST', path: '/cart/items' });
  });

  test.each([
    ['an SQS batch', { Records: [{ eventSource: 'aws:sqs', body: '{}' }] }],
    ['a scheduled event', { source: 'aws.events', detail: {} }],
    ['a WebSocket message', { requestContext: { eventType: 'MESSAGE', connectionId: 'c' }, body: '{}' }],
    ['a VPC Lattice event', { version: '2.0', path: '/', method: 'POST', headers: {}, requestContext: {} }],
    ['an event without a path', restApiEvent({ path: undefined })],
    ['an event without a method', restApiEvent({ httpMethod: null })],
    ['format 2.0 without a method', httpApiEvent({ requestContext: { http: { path: '/' } } })],
    [
      'format 2.0 without a path',
      httpApiEvent({ rawPath: null, requestContext: { http: { method: 'POST' } } }),
    ],
    ['a string', 'POST /'],
    ['null', null],
    ['undefined', undefined],
  ])('%s is no HTTP request', (_name, event) => {
    expect(readHttpRequest(event)).toBeUndefined();
  });

  test('members that an event merely inherits make no request of it', () => {
    expect(readHttpRequest(Object.create(restApiEvent()))).toBeUndefined();
  });

  test('a hand-written test event needs no more than a method and a path', () => {
    const request = requestOf({ httpMethod: 'post', path: '/cart/items' });
    expect(request).toMatchObject({ method: 'POST', query: [], body: { kind: 'none' } });
    expect(request.headerValues('idempotency-key')).toEqual([]);
    expect(request.caller()).toBeUndefined();
  });

  test('format 2.0 without rawPath falls back to the path of the request context', () => {
    expect(requestOf(httpApiEvent({ rawPath: undefined })).path).toBe('/cart/items');
  });
});

describe('headers', () => {
  test.each(['Idempotency-Key', 'idempotency-key', 'IDEMPOTENCY-KEY'])(
    'are found whatever the case of the name: %s',
    (name) => {
      expect(requestOf(httpApiEvent({ headers: { [name]: 'abc' } })).headerValues('iDempotency-keY')).toEqual(
        ['abc'],
      );
    },
  );

  test.each([
    ['a REST API', restApiEvent],
    ['a load balancer', albEvent],
  ])('of %s: every value counts where multiValueHeaders tells them', (_name, event) => {
    const request = requestOf(
      event({ headers: { 'Idempotency-Key': 'b' }, multiValueHeaders: { 'Idempotency-Key': ['a', 'b'] } }),
    );
    expect(request.headerValues('idempotency-key')).toEqual(['a', 'b']);
  });

  test('a name that comes in two spellings is one header with two values', () => {
    const request = requestOf(
      restApiEvent({ multiValueHeaders: { 'Idempotency-Key': ['a'], 'idempotency-key': ['b'] } }),
    );
    expect(request.headerValues('Idempotency-Key')).toEqual(['a', 'b']);
  });

  test('a name that multiValueHeaders lacks, or has no value for, is taken from headers', () => {
    const request = requestOf(
      restApiEvent({
        headers: { 'idempotency-key': 'a', host: 'h' },
        multiValueHeaders: { 'Idempotency-Key': [] },
      }),
    );
    expect(request.headerValues('idempotency-key')).toEqual(['a']);
    expect(request.headerValues('host')).toEqual(['h']);
  });

  test.each([null, undefined, {}, [], 'abc', 7])('%j in their place means that there are none', (headers) => {
    const request = requestOf(restApiEvent({ headers, multiValueHeaders: headers }));
    expect(request.headerValues('idempotency-key')).toEqual([]);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'the name %s finds nothing inherited, and the header of that name if it was sent',
    (name) => {
      expect(requestOf(restApiEvent()).headerValues(name)).toEqual([]);
      const headers: unknown = JSON.parse(`{"${name}":"sent"}`);
      expect(requestOf(restApiEvent({ headers })).headerValues(name)).toEqual(['sent']);
    },
  );

  test('values that are no text are ignored, numbers and booleans are written out', () => {
    const request = requestOf(
      restApiEvent({ headers: { a: { b: 1 }, c: null, d: 7, e: true, f: [['x'], 'y'] } }),
    );
    expect(['a', 'c', 'd', 'e', 'f'].map((name) => request.headerValues(name))).toEqual([
      [],
      [],
      ['7'],
      ['true'],
      ['y'],
    ]);
  });

  test.each([
    ['6', headerNormalizer],
    ['7', headerNormalizer7],
  ])("Middy %s's header normalizer may have run before, in either style", async (_version, normalizer) => {
    for (const canonical of [true, false]) {
      const event = structuredClone(
        restApiEvent({
          headers: { 'iDEMPOTENCY-key': 'b' },
          multiValueHeaders: { 'iDEMPOTENCY-key': ['a', 'b'] },
        }),
      );
      await runBefore(normalizer({ canonical }), event);
      expect(requestOf(event).headerValues('Idempotency-Key')).toEqual(['a', 'b']);
    }
  });
});

describe('query', () => {
  test('format 1.0 keeps every value of a name', () => {
    const request = requestOf(
      restApiEvent({
        queryStringParameters: { a: '2', c: 'x y' },
        multiValueQueryStringParameters: { a: ['1', '2'], c: ['x y'] },
      }),
    );
    expect(request.query).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['c', 'x y'],
    ]);
  });

  test('format 1.0 falls back to the single values, as event normalizers leave {} for null', () => {
    const members = { queryStringParameters: { a: '1' }, multiValueQueryStringParameters: {} };
    expect(requestOf(restApiEvent(members)).query).toEqual([['a', '1']]);
  });

  test('format 2.0 reads the raw query, where a repeated name and a comma differ', () => {
    const query = (rawQueryString: string) => requestOf(httpApiEvent({ rawQueryString })).query;
    expect(query('a=1&a=2&b=x%20y+z&c&=d&&e=%3D=')).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', 'x y z'],
      ['c', ''],
      ['', 'd'],
      ['e', '=='],
    ]);
    expect(query('a=1,2')).toEqual([['a', '1,2']]);
  });

  test('format 2.0 without a raw query reads the parsed one', () => {
    const members = { rawQueryString: undefined, queryStringParameters: { a: '1,2' } };
    expect(requestOf(httpApiEvent(members)).query).toEqual([['a', '1,2']]);
  });

  test('a load balancer leaves names and values encoded, so they are decoded here', () => {
    expect(requestOf(albEvent({ queryStringParameters: { 'a%5B%5D': 'x%20y+z' } })).query).toEqual([
      ['a[]', 'x y z'],
    ]);
    const members = { multiValueQueryStringParameters: { a: ['%31', '2'] } };
    expect(requestOf(albMultiValueEvent(members)).query).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  test('what cannot be decoded stays as it was written, so that it stays different', () => {
    expect(requestOf(httpApiEvent({ rawQueryString: 'a=%FF+&b=%zz&%=1' })).query).toEqual([
      ['a', '%FF+'],
      ['b', '%zz'],
      ['%', '1'],
    ]);
  });
});

describe('body', () => {
  test.each([undefined, null, ''])('%j is no body', (body) => {
    expect(requestOf(httpApiEvent({ body })).body).toEqual({ kind: 'none' });
    expect(requestOf(httpApiEvent({ body, isBase64Encoded: true })).body).toEqual({ kind: 'none' });
  });

  test('text is its UTF-8 bytes', () => {
    const { body } = requestOf(httpApiEvent({ body: '{"name":"Zoë"}' }));
    expect(body.kind === 'bytes' && text(body.bytes)).toBe('{"name":"Zoë"}');
  });

  test('base64 is decoded', () => {
    const bytes = Uint8Array.of(0, 255, 128, 10);
    const event = httpApiEvent({ body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true });
    const { body } = requestOf(event);
    expect(body.kind === 'bytes' && [...body.bytes]).toEqual([...bytes]);
  });

  test('a parsed string that base64 would garble counts as it stands', () => {
    const { body } = requestOf(httpApiEvent({ body: 'not, base64!', isBase64Encoded: true }));
    expect(body.kind === 'bytes' && text(body.bytes)).toBe('not, base64!');
  });

  test('bytes that a parser left are bytes', () => {
    expect(requestOf(restApiEvent({ body: new Uint8Array() })).body).toEqual({ kind: 'none' });
    expect(requestOf(restApiEvent({ body: Uint8Array.of(1, 2) })).body).toEqual({
      kind: 'bytes',
      bytes: Uint8Array.of(1, 2),
    });
  });

  test('a text kept as rawBody wins over the parsed body', () => {
    const { body } = requestOf(restApiEvent({ body: { a: 1 }, rawBody: '{"a":1.0}' }));
    expect(body.kind === 'bytes' && text(body.bytes)).toBe('{"a":1.0}');
  });

  test.each([{ a: 1 }, [1], 0, false])('%j in its place is a parsed body', (value) => {
    expect(requestOf(restApiEvent({ body: value })).body).toEqual({ kind: 'parsed', value });
  });

  test.each([
    ['6', jsonBodyParser],
    ['7', jsonBodyParser7],
  ])("Middy %s's JSON parser changes the body but not the fingerprint", async (_version, parser) => {
    const json = '{ "sku": "a-1", "quantity": 1e0, "note": "\\u00e9" }';
    const forms = [
      { body: json, isBase64Encoded: false },
      { body: Buffer.from(json).toString('base64'), isBase64Encoded: true },
    ];
    for (const form of forms) {
      const event = httpApiEvent(form);
      const parsed = structuredClone(event);
      await runBefore(parser(), parsed);
      expect(requestOf(parsed).body).toEqual({ kind: 'parsed', value: JSON.parse(json) });
      expect(fingerprintHttpRequest(requestOf(parsed))).toBe(fingerprintHttpRequest(requestOf(event)));
    }
  });
});

describe('any event at all', () => {
  const member = fc.anything({
    withNullPrototype: true,
    withBigInt: true,
    withDate: true,
    withTypedArray: true,
  });
  const names = [
    'body,cookies,headers,httpMethod,isBase64Encoded,multiValueHeaders,multiValueQueryStringParameters,path',
    'queryStringParameters,rawBody,rawPath,rawQueryString,requestContext,version',
  ].flatMap((list) => list.split(','));
  const context = fc.dictionary(
    fc.constantFrom('authorizer', 'authentication', 'elb', 'http', 'identity'),
    fc.oneof(
      member,
      fc.dictionary(fc.constantFrom('method', 'path', 'claims', 'jwt', 'iam', 'lambda', 'user'), member),
    ),
  );
  const event = fc.oneof(
    member,
    fc
      .tuple(
        fc.constantFrom(restApiEvent, httpApiEvent, albEvent, albMultiValueEvent),
        fc.dictionary(fc.constantFrom(...names), member),
        fc.option(context),
      )
      .map(([base, members, requestContext]) =>
        base(requestContext === null ? members : { ...members, requestContext }),
      ),
  );

  test('is read, or refused with an error of this family', () => {
    fc.assert(
      fc.property(event, (garbage) => {
        const request = readHttpRequest(garbage);
        if (request === undefined) return;
        for (const read of [
          () => request.caller(),
          () => fingerprintHttpRequest(request),
          () => readIdempotencyKey(request.headerValues('idempotency-key'), 'Idempotency-Key'),
        ]) {
          expect(outcomeOf(read)).not.toBe('foreign error');
        }
      }),
      { numRuns: 2000 },
    );
  });

  function outcomeOf(read: () => unknown): 'read' | 'refused' | 'foreign error' {
    try {
      read();
      return 'read';
    } catch (error) {
      return isIdempotencyError(error) ? 'refused' : 'foreign error';
    }
  }
});

/** The `before` hooks of these middlewares look at the event only; the rest of Middy's request is left out. */
async function runBefore(middleware: object, event: unknown): Promise<void> {
  const before: unknown = Reflect.get(middleware, 'before');
  if (typeof before !== 'function') throw new Error('The middleware has no before hook.');
  await before({ event });
}
