/** The usual Middy middlewares beside ours, used before it and after it, on both versions of Middy. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type middy6 from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { MIDDY_VERSIONS, type MiddyVersion } from '../../support/middy-versions.ts';

type Middleware = middy6.MiddlewareObj<APIGatewayProxyEventV2, unknown>;

const ORIGIN = 'https://shop.example';

const NEIGHBOURS: readonly {
  readonly name: string;
  readonly make: (version: MiddyVersion) => Middleware;
}[] = [
  { name: 'http-json-body-parser', make: ({ jsonBodyParser }) => jsonBodyParser() as Middleware },
  { name: 'http-header-normalizer', make: ({ headerNormalizer }) => headerNormalizer() as Middleware },
  {
    name: 'http-header-normalizer in canonical case',
    make: ({ headerNormalizer }) => headerNormalizer({ canonical: true }) as Middleware,
  },
  {
    name: 'http-error-handler',
    make: ({ errorHandler }) => errorHandler({ logger: () => {} }) as Middleware,
  },
  { name: 'http-cors', make: ({ cors }) => cors({ origins: [ORIGIN] }) as Middleware },
  {
    name: 'validator',
    make: ({ validator, transpileSchema }) =>
      validator({
        eventSchema: transpileSchema({
          type: 'object',
          required: ['headers'],
          properties: { headers: { type: 'object' } },
        }),
      }) as Middleware,
  },
];

describe.each(MIDDY_VERSIONS)('Middy $version', (version) => {
  let store: MemoryStore;
  let runs: number;

  beforeEach(() => {
    store = new MemoryStore();
    runs = 0;
  });

  const guard = () => idempotency<APIGatewayProxyEventV2>({ store });

  function chain(...middlewares: readonly Middleware[]) {
    const handler = version.middy(async () => ({ statusCode: 201, headers: {}, body: String(++runs) }));
    for (const middleware of middlewares) handler.use(middleware);
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (event: APIGatewayProxyEventV2, context: Context = lambdaContext()) =>
      handler(event, context as IdempotentContext) as Promise<unknown>;
  }

  /** Headers as a client and a REST client spell them. */
  const post = (key?: string, body: unknown = { b: 2, a: 1 }) => {
    const event = httpApiEvent({ body, headers: { origin: ORIGIN } });
    event.headers = {
      ...event.headers,
      'Content-Type': 'application/json',
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    };
    delete event.headers['content-type'];
    return event;
  };

  describe.each(NEIGHBOURS)('beside $name', ({ make }) => {
    test.each(['before', 'behind'])('used %s it, the whole contract holds', async (place) => {
      const neighbour = make(version);
      // Ours is typed for the bare context that Middy's own middlewares declare.
      const ours = guard() as unknown as Middleware;
      const handler = place === 'before' ? chain(neighbour, ours) : chain(ours, neighbour);

      expect(await handler(post())).toMatchObject({ statusCode: 400 });
      expect(await handler(post('k1'))).toMatchObject({ statusCode: 201, body: '1' });
      expect(await handler(post('k1'))).toMatchObject({ statusCode: 200, body: '1' });
      // The same JSON, spelled in another way.
      expect(await handler(post('k1', '{"a":1, "b":2}'))).toMatchObject({ statusCode: 200, body: '1' });
      const mismatch = await handler(post('k1', { a: 2 }));
      expect(mismatch).toMatchObject({
        statusCode: 422,
        headers: { 'Content-Type': 'application/problem+json' },
        body: expect.stringContaining('PAYLOAD_MISMATCH'),
      });
      expect(await handler(post('"k1"'))).toMatchObject({ statusCode: 200, body: '1' });
      expect(runs).toBe(1);
    });
  });

  test('a record made with one order of middlewares is found with another', async () => {
    const ours = () => guard() as unknown as Middleware;
    const parser = () => version.jsonBodyParser() as Middleware;
    expect(await chain(ours(), parser())(post('k1'))).toMatchObject({ statusCode: 201 });
    expect(await chain(parser(), ours())(post('k1'))).toMatchObject({ statusCode: 200, body: '1' });
    expect(await chain(ours())(post('k1'))).toMatchObject({ statusCode: 200, body: '1' });
  });

  describe('with http-cors', () => {
    const allowed = { 'Access-Control-Allow-Origin': ORIGIN };
    const cors = () => version.cors({ origins: [ORIGIN] }) as Middleware;

    test.each(['before', 'behind'])('used %s it, a browser may read every refusal', async (place) => {
      const ours = guard() as unknown as Middleware;
      const handler = place === 'before' ? chain(cors(), ours) : chain(ours, cors());
      expect(await handler(post())).toMatchObject({ statusCode: 400, headers: allowed });
      await handler(post('k1'));
      expect(await handler(post('k1', {}))).toMatchObject({ statusCode: 422, headers: allowed });
    });

    test('used behind it, a replay carries what was recorded with the finished answer', async () => {
      const handler = chain(guard() as unknown as Middleware, cors());
      await handler(post('k1'));
      expect(await handler(post('k1'))).toMatchObject({ statusCode: 200, headers: allowed });
    });
  });

  test('in a chain of all of them, in the order that their documentation suggests', async () => {
    const ours = guard() as unknown as Middleware;
    const handler = chain(ours, ...NEIGHBOURS.map(({ make }) => make(version)));
    expect(await handler(post('k1'))).toMatchObject({ statusCode: 201, body: '1' });
    expect(await handler(post('k1'))).toMatchObject({ statusCode: 200, body: '1' });
    expect(await handler(post('k1', {}))).toMatchObject({ statusCode: 422 });
  });

  test('a validator that refuses the body leaves no record, and the corrected request may use the key', async () => {
    const validator = version.validator({
      eventSchema: version.transpileSchema({
        type: 'object',
        properties: {
          body: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } },
        },
      }),
    }) as Middleware;
    const errorHandler = version.errorHandler({ logger: () => {} }) as Middleware;
    const parser = version.jsonBodyParser() as Middleware;
    const handler = chain(guard() as unknown as Middleware, parser, validator, errorHandler);
    expect(await handler(post('k1', {}))).toMatchObject({ statusCode: 400 });
    expect(await handler(post('k1', { sku: 'apple' }))).toMatchObject({ statusCode: 201, body: '1' });
  });
});
