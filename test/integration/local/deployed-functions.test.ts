import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { build } from 'esbuild';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../../lib/local/engine-client.ts';
import { createCartTable, createIdempotencyTable, testEndpoint } from '../../support/dynamodb.ts';

jest.setTimeout(60_000);

/** What the stack and the Lambda runtime set. */
const SAVED = { ...process.env };

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

let addToCart: Handler;

beforeAll(async () => {
  Object.assign(process.env, {
    IDEMPOTENCY_TABLE: await createIdempotencyTable(),
    CART_TABLE: await createCartTable(),
    AWS_ENDPOINT_URL_DYNAMODB: testEndpoint(),
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  // The very entry that is bundled and deployed.
  const entry = await import('../../../functions/add-to-cart/handler.ts');
  addToCart = entry.handler as unknown as Handler; // Middy's type names the context that the middleware makes.
});

afterAll(() => {
  process.env = SAVED;
});

describe('the deployed add-to-cart', () => {
  test.each([
    { 'x-demo-fail': 'before-effect' },
    { 'x-demo-fail': 'after-effect' },
    { 'x-demo-fail': 'crash' },
    { 'x-demo-fail': 'crash-before-effect' },
    { 'x-demo-timeout-ms': '1000' },
    { 'x-demo-lose-replies': '100' },
    { 'x-demo-work-ms': '10000' },
    { 'x-demo-work-ms': 'nonsense' },
    { 'x-demo-tenant': 'not a tenant' },
  ])('ignores %j', async (headers) => {
    const startedAtMs = performance.now();
    expect(await addToCart(event(randomUUID(), headers), context())).toMatchObject({ statusCode: 201 });
    expect(performance.now() - startedAtMs).toBeLessThan(9_000);
  });

  test('does not let x-demo-tenant part one caller into two', async () => {
    const key = randomUUID();
    const first = await addToCart(event(key, { 'x-demo-tenant': 'one' }), context());
    const second = await addToCart(event(key, { 'x-demo-tenant': 'two' }), context());
    expect([first, second]).toMatchObject([{ statusCode: 201 }, { statusCode: 200 }]);
  });

  test.each(['functions/add-to-cart/handler.ts', 'functions/list-cart/handler.ts'])(
    'has nothing of the demo headers or the playground in its bundle: %s',
    async (entry) => {
      const { outputFiles } = await build({
        entryPoints: [fileURLToPath(new URL(`../../../${entry}`, import.meta.url))],
        bundle: true,
        format: 'esm',
        platform: 'node',
        packages: 'external',
        write: false,
      });
      const text = outputFiles[0]?.text ?? '';
      expect(text).toContain('problemAnswers');
      expect(text).not.toMatch(/x-demo|DemoFailure|dynoxide|lib\/local|playground|preact/i);
    },
  );
});

test('a cart that misses its table says so at cold start', async () => {
  const { requireEnvironment } = await import('../../../functions/environment.ts');
  expect(() => requireEnvironment('NO_SUCH_TABLE')).toThrow('Set the environment variable NO_SUCH_TABLE');
});

function event(key: string, headers: Record<string, string>): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: 'POST /cart/items',
    rawPath: '/cart/items',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
    requestContext: {
      accountId: '000000000000',
      apiId: 'test',
      domainName: 'test',
      domainPrefix: 'test',
      http: {
        method: 'POST',
        path: '/cart/items',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: '',
      },
      requestId: randomUUID(),
      routeKey: 'POST /cart/items',
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: Date.now(),
    },
    body: JSON.stringify({ cartId: 'c1', sku: 'book-1', quantity: 1 }),
    isBase64Encoded: false,
  };
}

function context(): Context {
  const deadlineMs = Date.now() + 10_000;
  // As much of a context as the handler looks at.
  return {
    awsRequestId: randomUUID(),
    functionName: 'add-to-cart',
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  } as Context;
}
