import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type Gateway, type RequestReport, startGateway } from '../../../lib/local/gateway.ts';
import { currentInvocation } from '../../../lib/local/invocation.ts';
import { type ExchangeResponse, exchange } from '../../support/http-exchange.ts';
import { until } from '../../support/until.ts';

jest.setTimeout(30_000);

const TIMEOUT_MS = 400;

let gateway: Gateway;
let result: (event: APIGatewayProxyEventV2, context: Context) => unknown = () => undefined;
const invocations: { event: APIGatewayProxyEventV2; context: Context }[] = [];
const reports: RequestReport[] = [];

async function handler(event: APIGatewayProxyEventV2, context: Context): Promise<unknown> {
  invocations.push({ event, context });
  return result(event, context);
}

beforeAll(async () => {
  const lambda = { name: 'echo', timeoutMs: TIMEOUT_MS, handler };
  gateway = await startGateway({
    port: 0,
    routes: [
      { method: 'POST', path: '/things', lambda },
      { method: 'GET', path: '/things/{thingId}', lambda },
      { method: 'GET', path: '/things/{thingId}/parts/{partId}', lambda },
      { method: 'GET', path: '/things/special', lambda: { ...lambda, name: 'special' } },
    ],
    servePage: async (message, response) => {
      if (message.method !== 'GET' || message.url !== '/') return false;
      response.end('<p>page</p>');
      return true;
    },
    onReport: (report) => reports.push(report),
  });
});

afterAll(async () => {
  await gateway.close();
});

function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string | string[]>; body?: string | Buffer } = {},
): Promise<ExchangeResponse> {
  return exchange({ method, url: gateway.url + path, ...options });
}

/** The event that the last request became. */
function lastEvent(): APIGatewayProxyEventV2 {
  const last = invocations.at(-1);
  if (last === undefined) throw new Error('The function has not been invoked.');
  return last.event;
}

describe('a request becomes an event of payload format 2.0', () => {
  test('with method, path, route and times', async () => {
    await send('POST', '/things', { body: 'x', headers: { 'user-agent': 'test/1' } });
    expect(lastEvent()).toMatchObject({
      version: '2.0',
      routeKey: 'POST /things',
      rawPath: '/things',
      rawQueryString: '',
      requestContext: {
        http: { method: 'POST', path: '/things', protocol: 'HTTP/1.1', userAgent: 'test/1' },
        routeKey: 'POST /things',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      },
    });
    expect(lastEvent().queryStringParameters).toBeUndefined();
    expect(lastEvent().cookies).toBeUndefined();
    expect(Math.abs(Date.now() - lastEvent().requestContext.timeEpoch)).toBeLessThan(60_000);
  });

  test('with lower-cased headers, repeated ones joined by commas, and cookies apart', async () => {
    await send('POST', '/things', {
      headers: { 'X-Many': ['a', 'b'], Cookie: 'one=1; two=2' },
    });
    expect(lastEvent().headers['x-many']).toBe('a,b');
    expect(lastEvent().headers['cookie']).toBeUndefined();
    expect(lastEvent().cookies).toEqual(['one=1', 'two=2']);
  });

  test('with decoded path parameters and query parameters, and the raw query beside them', async () => {
    await send('GET', '/things/a%20b/parts/%C3%A9?x=1&x=2&y=a%26b&z');
    expect(lastEvent()).toMatchObject({
      rawPath: '/things/a b/parts/é',
      pathParameters: { thingId: 'a b', partId: 'é' },
      rawQueryString: 'x=1&x=2&y=a%26b&z',
      queryStringParameters: { x: '1,2', y: 'a&b', z: '' },
    });
  });

  test.each([
    ['application/json', '{"é":1}', false],
    ['application/problem+json; charset=utf-8', '{}', false],
    ['text/plain', 'x', false],
    [undefined, 'x', false],
    ['application/x-www-form-urlencoded', 'a=b', true],
    ['application/octet-stream', 'x', true],
  ])('with a body of %s as text, or in base64', async (contentType, body, isBase64Encoded) => {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'Content-Type': contentType };
    await send('POST', '/things', { body, headers });
    expect(lastEvent()).toMatchObject({
      body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
      isBase64Encoded,
    });
  });

  test('with bytes that are no text in base64, whatever they are called', async () => {
    const body = Buffer.from([0xff, 0x00, 0xfe]);
    await send('POST', '/things', { body, headers: { 'Content-Type': 'text/plain' } });
    expect(lastEvent()).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
  });

  test('without a body where there is none', async () => {
    await send('POST', '/things');
    expect(lastEvent().body).toBeUndefined();
    expect(lastEvent().isBase64Encoded).toBe(false);
  });
});

describe('each invocation', () => {
  test('has a context of its own, whose time runs', async () => {
    const remaining: number[] = [];
    result = async (_event, context) => {
      remaining.push(context.getRemainingTimeInMillis());
      await until('some time has passed', () => context.getRemainingTimeInMillis() < TIMEOUT_MS - 20);
      remaining.push(context.getRemainingTimeInMillis());
    };
    await Promise.all([send('POST', '/things'), send('POST', '/things')]);
    const [one, other] = invocations.slice(-2);
    expect(one?.context).not.toBe(other?.context);
    expect(one?.context.awsRequestId).not.toBe(other?.context.awsRequestId);
    expect(one?.context.functionName).toBe('echo');
    expect(Math.max(...remaining)).toBeLessThanOrEqual(TIMEOUT_MS);
    expect(Math.min(...remaining)).toBeLessThan(TIMEOUT_MS - 20);
  });

  test('goes to the route with the fixed path rather than to one with a parameter', async () => {
    result = (_event, context) => context.functionName;
    expect((await send('GET', '/things/special')).body).toBe('special');
    expect((await send('GET', '/things/other')).body).toBe('echo');
  });
});

describe('what a function returns becomes an answer', () => {
  test.each<[string, unknown, number, string, string]>([
    ['status and body', { statusCode: 201, body: 'x' }, 201, 'text/plain;charset=UTF-8', 'x'],
    ['headers', { statusCode: 200, headers: { 'Content-Type': 'a/b' }, body: 'x' }, 200, 'a/b', 'x'],
    ['no body', { statusCode: 202 }, 202, 'text/plain;charset=UTF-8', ''],
    ['a status in a string', { statusCode: '202' }, 202, 'text/plain;charset=UTF-8', ''],
    ['an object without a status', { a: 1 }, 200, 'application/json', '{"a":1}'],
    ['a list', [1, 2], 200, 'application/json', '[1,2]'],
    ['a string', 'hello', 200, 'application/json', 'hello'],
    ['nothing', undefined, 200, 'application/json', 'null'],
    ['what JSON leaves out', { statusCode: 200, body: undefined }, 200, 'text/plain;charset=UTF-8', ''],
  ])('%s', async (_description, returned, status, contentType, body) => {
    result = () => returned;
    const response = await send('POST', '/things');
    expect([response.status, response.headers['content-type'], response.body]).toEqual([
      status,
      contentType,
      body,
    ]);
  });

  test('base64 is decoded, and each cookie is a header of its own', async () => {
    result = () => ({
      statusCode: 200,
      headers: { 'X-Number': 7, 'X-Flag': true },
      cookies: ['a=1', 'b=2; HttpOnly'],
      body: Buffer.from('bytes').toString('base64'),
      isBase64Encoded: true,
    });
    const response = await send('POST', '/things');
    expect(response.body).toBe('bytes');
    expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2; HttpOnly']);
    expect(response.headers).toMatchObject({ 'x-number': '7', 'x-flag': 'true' });
  });

  test.each<[string, () => unknown]>([
    ['an error', () => Promise.reject(new Error('secret'))],
    ['a status that is none', () => ({ statusCode: 'many' })],
    ['a body that is no string', () => ({ statusCode: 200, body: { a: 1 } })],
    ['what JSON cannot carry', () => ({ statusCode: 200, size: 1n })],
    ['more than 6 MB', () => ({ statusCode: 200, body: 'x'.repeat(6 * 1024 * 1024) })],
    ['the death of its process', () => currentInvocation()?.die()],
    ['nothing in time', () => new Promise(() => {})],
  ])('%s is a 500 that tells nothing', async (_description, returned) => {
    result = returned;
    const response = await send('POST', '/things');
    expect([response.status, response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });
});

describe('the gateway itself answers', () => {
  test('404 for a path or a method without a route', async () => {
    for (const [method, path] of [
      ['DELETE', '/things'],
      ['GET', '/things/'],
      ['GET', '/nothing'],
      ['POST', '/'],
    ] as const) {
      const response = await send(method, path);
      expect([response.status, response.json()]).toEqual([404, { message: 'Not Found' }]);
    }
  });

  test('400 for a path that cannot be decoded', async () => {
    expect((await send('GET', '/things/%zz')).status).toBe(400);
  });

  test('413 for a body of more than 6 MB, without invoking', async () => {
    const before = invocations.length;
    const response = await send('POST', '/things', { body: Buffer.alloc(6 * 1024 * 1024 + 1) });
    expect(response.status).toBe(413);
    expect(invocations).toHaveLength(before);
  });

  test('pages, before it looks for a route', async () => {
    expect((await send('GET', '/')).body).toBe('<p>page</p>');
    expect((await send('GET', '/page')).status).toBe(404);
  });
});

test('a client that leaves does not stop the function', async () => {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let finished = false;
  result = async () => {
    await released;
    finished = true;
    return { statusCode: 201 };
  };
  const invoked = invocations.length;
  const leaving = new AbortController();
  const gone = exchange({ method: 'POST', url: `${gateway.url}/things`, signal: leaving.signal });
  await until('the function runs', () => invocations.length > invoked);
  leaving.abort();
  await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
  const reported = reports.length;
  // One more exchange, so that the gateway has seen the connection close.
  await send('GET', '/nothing');
  release();
  await until('the invocation is reported', () => reports.length > reported);
  expect(finished).toBe(true);
  expect(reports.at(-1)).toMatchObject({
    status: 201,
    outcome: 'returned',
    clientLeftAfterMs: expect.any(Number),
  });
});

test('a client that leaves in the middle of its upload invokes nothing, and the gateway lives on', async () => {
  const before = invocations.length;
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
  socket.destroy();
  await once(socket, 'close');
  expect((await send('GET', '/nothing')).status).toBe(404);
  expect(invocations).toHaveLength(before);
});

test('a port that is taken is an error that says what to do', async () => {
  const port = Number(new URL(gateway.url).port);
  await expect(startGateway({ port, routes: [] })).rejects.toThrow(
    `Port ${port} is taken. Choose another one: --port 3001, or 0 for any free one.`,
  );
});
