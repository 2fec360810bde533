/** A replay answers from `before`, where Middy skips every `after`: Powertools' middlewares in front are told all the same. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(MIDDY_VERSIONS)('Middy $version', ({ middy }) => {
  const event = httpApiEvent({ key: 'k1' });

  /** Sends a request twice, past `neighbour`; resolves to the second answer. */
  async function replayPast(neighbour: Parameters<ReturnType<typeof middy>['use']>[0]): Promise<unknown> {
    const handler = middy(async (_event: APIGatewayProxyEventV2) => ({ statusCode: 201, body: '1' }))
      .use(neighbour as ReturnType<typeof logMetrics>)
      .use(idempotency<APIGatewayProxyEventV2>({ store: new MemoryStore() }));
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    const send = () => handler(event, lambdaContext() as Context as IdempotentContext);
    await send();
    return send();
  }

  test('metrics that wait to be published are published with a replay', async () => {
    const metrics = new Metrics({ namespace: 'Shop', serviceName: 'cart' });
    const published = jest.spyOn(metrics, 'publishStoredMetrics');
    await replayPast(logMetrics(metrics));
    expect(published).toHaveBeenCalledTimes(2);
  });

  test.each(['tracer', 'metrics', 'logger'])(
    'what the middleware of %s left is called with a replay',
    async (name) => {
      const cleanUp = jest.fn();
      await replayPast({
        before: (request) => {
          request.internal[`powertools-for-aws.${name}`] = cleanUp;
        },
      });
      expect(cleanUp).toHaveBeenCalledTimes(1);
      expect(cleanUp).toHaveBeenCalledWith(expect.objectContaining({ event }));
    },
  );

  test('where nothing waits to be cleaned up, nothing is said', async () => {
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await replayPast({ before: () => {} })).toMatchObject({ statusCode: 200 });
    expect(warned).not.toHaveBeenCalled();
  });

  test('a clean-up that throws does not lose the replay', async () => {
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const answer = await replayPast({
      before: (request) => {
        request.internal['powertools-for-aws.tracer'] = () => {
          throw new Error('no segment');
        };
      },
    });
    expect(answer).toMatchObject({ statusCode: 200, body: '1' });
    expect(warned).toHaveBeenCalledWith(
      expect.stringContaining('powertools-for-aws.tracer'),
      expect.any(Error),
    );
  });
});
