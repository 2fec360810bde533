/** What Middy's chain makes of writes that are committed behind the handler's back. */
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { CommitConditionError, ConfigurationError, StoreError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import type { HttpOptions } from '../../../lib/idempotency/options.ts';
import { CountedRows } from '../../support/counted-rows.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';

/** An early time-out that is due at once has come by then. */
const BEYOND_EARLY_TIMEOUT_MS = 20;

type Event = APIGatewayProxyEventV2;
interface Answer {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
type Handler = (event: Event, context: IdempotentContext) => Promise<unknown>;

describe.each(MIDDY_VERSIONS)('commit() behind Middy $version', ({ middy, cors, errorHandler }) => {
  let rows: CountedRows;
  let events: IdempotencyEvent[];
  let runs: number;

  beforeEach(() => {
    rows = new CountedRows();
    events = [];
    runs = 0;
  });

  const seen = () => events.map(({ type }) => type);
  const guard = (options: HttpOptions<Event> = {}) =>
    idempotency<Event>({ store: rows.store, onEvent: (event) => events.push(event), ...options });
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  const send = (
    handler: Handler,
    context: Context = lambdaContext(),
    event = httpApiEvent({ key: 'k1', headers: { origin: 'https://shop.example' } }),
  ) => handler(event, context as IdempotentContext) as Promise<Answer>;

  async function placeOrder(_event: Event, { idempotency }: IdempotentContext): Promise<Answer> {
    runs += 1;
    idempotency.commit([rows.put('order', { onlyIfNew: true })]);
    return { statusCode: 201, body: String(runs) };
  }

  test('the writes go out when the chain has finished, with the answer as it left the chain', async () => {
    const handler = middy(placeOrder)
      .use(guard())
      .after((request) => {
        expect(rows.puts.size).toBe(0);
        request.response = { statusCode: 201, body: `${request.response?.body}!` };
      });
    expect(await send(handler)).toEqual({ statusCode: 201, body: '1!' });
    expect([...rows.puts]).toEqual([['order', 1]]);
    expect(await send(handler)).toMatchObject({ statusCode: 200, body: '1!' });
  });

  test('a hook that throws behind the handler does not keep its writes from being applied', async () => {
    const handler = middy(placeOrder)
      .use(guard())
      .after(() => {
        throw new Error('serializer broke');
      });
    await expect(send(handler)).rejects.toThrow('serializer broke');
    expect([...rows.puts]).toEqual([['order', 1]]);
    expect(await send(handler)).toMatchObject({ statusCode: 200, body: '1' });
  });

  test('what is committed behind the handler is refused: it was for the handler to say what belongs together', async () => {
    let refusal: unknown;
    const handler = middy(placeOrder)
      .use(guard())
      .after(({ context }) => {
        try {
          context.idempotency.commit([rows.put('another')]);
        } catch (error) {
          refusal = error;
        }
      });
    expect(await send(handler)).toMatchObject({ statusCode: 201 });
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect([...rows.puts.keys()]).toEqual(['order']);
  });

  test('a hook that ends the chain early does not either', async () => {
    const handler = middy(placeOrder)
      .use(guard())
      .after(() => ({ statusCode: 201, body: 'early' }));
    expect(await send(handler)).toMatchObject({ statusCode: 201, body: 'early' });
    expect([...rows.puts]).toEqual([['order', 1]]);
  });

  describe('when a condition does not hold', () => {
    beforeEach(async () => {
      await rows.store.write([rows.put('order')], 'earlier');
    });

    test.each(['first', 'last'])(
      'error handlers see the error and leave the problem document alone, with the guard used %s',
      async (place) => {
        const seenErrors: unknown[] = [];
        const logger = {
          onError: (request: { error: Error | null | undefined }) => {
            seenErrors.push(request.error);
          },
        };
        const others = [
          cors({ origins: ['https://shop.example'] }),
          errorHandler({ logger: () => {} }),
          logger,
        ];
        const handler = middy(placeOrder).use(
          place === 'first' ? [guard(), ...others] : [...others, guard()],
        );
        const answer = await send(handler);
        expect(answer).toMatchObject({
          statusCode: 409,
          headers: {
            'Content-Type': 'application/problem+json',
            'Access-Control-Allow-Origin': 'https://shop.example',
          },
        });
        expect(JSON.parse(answer.body ?? '')).toMatchObject({ code: 'COMMIT_CONDITION_FAILED' });
        expect(seenErrors).toEqual([expect.any(CommitConditionError)]);
        expect(seen()).toEqual(['acquired', 'condition-failed', 'released']);
      },
    );

    test('a chain that was ended early answers with the problem document too', async () => {
      const handler = middy(placeOrder)
        .use(guard())
        .after(() => ({ statusCode: 201, body: 'early' }));
      expect(await send(handler)).toMatchObject({ statusCode: 409 });
    });

    test('an error of the handler’s own making takes the way of any error', async () => {
      const outOfStock = new Error('out of stock');
      const handler = middy(async (_event: Event, { idempotency }: IdempotentContext) => {
        idempotency.commit([rows.put('order', { onlyIfNew: true })], {
          onConditionFailed: () => {
            throw outOfStock;
          },
        });
        return { statusCode: 201 };
      }).use(guard());
      await expect(send(handler)).rejects.toBe(outOfStock);
      expect(seen()).toEqual(['acquired', 'condition-failed', 'released']);
    });

    test('an answer of the handler’s own is the answer', async () => {
      const handler = middy(async (_event: Event, { idempotency }: IdempotentContext) => {
        idempotency.commit([rows.put('order', { onlyIfNew: true })], {
          onConditionFailed: () => ({ statusCode: 410, body: 'sold out' }),
        });
        return { statusCode: 201 };
      }).use(guard());
      expect(await send(handler)).toEqual({ statusCode: 410, body: 'sold out' });
      expect(await send(handler)).toMatchObject({ statusCode: 410, body: 'sold out' });
    });
  });

  test('no reply to the transaction is a 503 that error handlers see', async () => {
    const silent = interceptedStore(rows.store, (operation, proceed) =>
      operation === 'completeWith' ? Promise.reject(new StoreError('no reply')) : proceed(),
    );
    const handler = middy(placeOrder).use(guard({ store: silent }));
    expect(await send(handler)).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '1' } });
    expect(rows.puts.size).toBe(0);
  });

  describe('when the early time-out answers', () => {
    test('what the handler commits from then on is refused, since it would go nowhere', async () => {
      let refusal: unknown;
      let finish = () => {};
      const ended = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const handler = middy(async (event: Event, context: IdempotentContext) => {
        await new Promise((resolve) => setTimeout(resolve, 80));
        await placeOrder(event, context).catch((error: unknown) => {
          refusal = error;
        });
        finish();
      }).use(guard());
      await expect(send(handler, lambdaContext(60))).rejects.toThrow(/aborted|timeout/i);
      await ended;
      expect(refusal).toBeInstanceOf(ConfigurationError);
      expect(rows.puts.size).toBe(0);
    });

    test('an answer that tells of success is not given, for nothing was written', async () => {
      const told: unknown[] = [];
      const handler = middy(
        async (event: Event, context: IdempotentContext) => {
          await placeOrder(event, context);
          return new Promise<Answer>(() => {});
        },
        { timeoutEarlyInMillis: 30, timeoutEarlyResponse: () => ({ statusCode: 202, body: 'still at it' }) },
      )
        .use(guard({ timeoutEarlyInMillis: 30, now: () => 1_800_000_000_000 }))
        .onError(({ error }) => {
          told.push(error);
        });
      const context = { ...lambdaContext(), getRemainingTimeInMillis: () => 60 };
      expect(await send(handler, context)).toMatchObject({ statusCode: 503 });
      expect(told).toEqual([
        new StoreError(
          'The invocation ended before the writes of its handler could be committed; none of them was.',
        ),
      ]);
      // When the lease has ended.
      expect(told).toMatchObject([{ retryAfterMs: 60 + 1000 }]);
      expect(seen()).toEqual(['acquired', 'in-doubt']);
      expect(rows.puts.size).toBe(0);
    });
  });

  describe.each<[string, HttpOptions<Event>, string]>([
    ['under a lock', {}, 'POST'],
    ['with a single write', { strategy: 'single-write' }, 'POST'],
    ['without a lock', {}, 'PUT'],
  ])('%s', (_, options, method) => {
    const eventOf = (key: string) => httpApiEvent({ key, method });
    const EARLY_MS = 30;
    /** The handler is still at work when Middy's early time-out answers with `early`, or throws. */
    const answeredEarly = (early: (() => Answer) | undefined, writes: boolean) =>
      send(
        middy(
          async (request: Event, context: IdempotentContext) => {
            if (writes) await placeOrder(request, context);
            return new Promise<Answer>(() => {});
          },
          { timeoutEarlyInMillis: EARLY_MS, ...(early && { timeoutEarlyResponse: early }) },
        ).use(guard({ ...options, timeoutEarlyInMillis: EARLY_MS })),
        lambdaContext(60),
        eventOf('k1'),
      );

    test.each<[string, () => Answer, boolean, number]>([
      [
        'a success is an early answer where nothing was left to commit()',
        () => ({ statusCode: 202 }),
        false,
        202,
      ],
      ['a failure is one, whatever was left', () => ({ statusCode: 504 }), true, 504],
      ['a success is none where something was left', () => ({ statusCode: 202 }), true, 503],
    ])('%s', async (_, early, writes, statusCode) => {
      expect(await answeredEarly(early, writes)).toMatchObject({ statusCode });
      expect(rows.puts.size).toBe(0);
    });

    test('an early time-out that throws does so, whatever was left to commit()', async () => {
      await expect(answeredEarly(undefined, true)).rejects.toThrow(/aborted|timeout/i);
    });

    test('a success that comes after the deadline is none where something was left to commit()', async () => {
      let nowMs = Date.now();
      const deadline = nowMs + 1;
      const handler = middy(
        async (request: Event, context: IdempotentContext) => {
          const answer = await placeOrder(request, context);
          await pause(BEYOND_EARLY_TIMEOUT_MS);
          nowMs += 60_000;
          return answer;
        },
        { timeoutEarlyInMillis: 0 },
      ).use(guard({ ...options, now: () => nowMs }));
      const context = { ...lambdaContext(), getRemainingTimeInMillis: () => deadline - nowMs };
      expect(await send(handler, context, eventOf('k1'))).toMatchObject({ statusCode: 503 });
      expect(rows.puts.size).toBe(0);
    });

    test('commit() is over when the handler has returned, and when something in front has answered', async () => {
      let commit: IdempotentContext['idempotency']['commit'] = () => {};
      let refusal: unknown;
      const finished = middy(placeOrder)
        .use(guard(options))
        .after(({ context }) => {
          try {
            context.idempotency.commit([rows.put('another')]);
          } catch (error) {
            refusal = error;
          }
        });
      await send(finished, lambdaContext(), eventOf('k1'));
      expect(refusal).toBeInstanceOf(ConfigurationError);

      const abandoned = middy(placeOrder)
        .use(guard(options))
        .before(({ context }) => {
          commit = context.idempotency.commit;
          return { statusCode: 401 };
        });
      await send(abandoned, lambdaContext(), eventOf('k2'));
      expect(() => commit([rows.put('another')])).toThrow(ConfigurationError);
    });
  });

  describe("with strategy 'single-write'", () => {
    const single = () => guard({ strategy: 'single-write' });

    test('a duplicate runs, and has the first result without its own writes', async () => {
      const handler = middy(placeOrder).use(single());
      expect(await send(handler)).toEqual({ statusCode: 201, body: '1' });
      expect(await send(handler)).toMatchObject({
        statusCode: 200,
        body: '1',
        headers: { 'Idempotent-Replayed': 'true' },
      });
      expect([...rows.puts]).toEqual([['order', 1]]);
      expect(runs).toBe(2);
    });

    test.each(['first', 'last'])(
      'a duplicate that throws has the first result, with the guard used %s',
      async (place) => {
        let isBroken = false;
        const others = [cors({ origins: ['https://shop.example'] }), errorHandler({ logger: () => {} })];
        const handler = middy(async (event: Event, context: IdempotentContext) => {
          if (isBroken) throw new Error('out of memory');
          return placeOrder(event, context);
        }).use(place === 'first' ? [single(), ...others] : [...others, single()]);
        await send(handler);
        isBroken = true;
        expect(await send(handler)).toMatchObject({
          statusCode: 200,
          body: '1',
          headers: { 'Idempotent-Replayed': 'true' },
        });
      },
    );

    test('what is recorded is the answer as the chain left it', async () => {
      const handler = middy(placeOrder)
        .use(single())
        .after((request) => {
          request.response = { statusCode: 201, body: `${request.response?.body}!` };
        });
      expect(await send(handler)).toEqual({ statusCode: 201, body: '1!' });
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: '1!' });
    });

    test('a hook that makes a failure of a success does not undo it: the handler’s own answer is recorded', async () => {
      const handler = middy(placeOrder).use(single());
      const failing = middy(placeOrder)
        .use(single())
        .after((request) => {
          request.response = { statusCode: 500 };
        });
      expect(await send(failing)).toEqual({ statusCode: 500 });
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: '1' });
      expect([...rows.puts]).toEqual([['order', 1]]);
    });

    test('a duplicate with another payload that throws is a mismatch', async () => {
      const failing = middy(async () => {
        throw new Error('out of memory');
      }).use(single());
      await send(middy(placeOrder).use(single()));
      const other = httpApiEvent({ key: 'k1', body: { sku: 'pear' } });
      expect(await send(failing, lambdaContext(), other)).toMatchObject({ statusCode: 422 });
    });

    test('a first request that throws takes the way of any error', async () => {
      const handler = middy(async () => {
        throw new Error('out of stock');
      }).use(single());
      await expect(send(handler)).rejects.toThrow('out of stock');
    });

    test('a hook that answers in front of the handler costs no request', async () => {
      const requests: string[] = [];
      const store = interceptedStore(rows.store, (operation, proceed) => {
        requests.push(operation);
        return proceed();
      });
      const handler = middy(placeOrder)
        .use(guard({ strategy: 'single-write', store }))
        .before(() => ({ statusCode: 401 }));
      expect(await send(handler)).toEqual({ statusCode: 401 });
      expect(requests).toEqual([]);
    });

    test('an early time-out that tells of success is not given, and writes nothing', async () => {
      const handler = middy(
        async (event: Event, context: IdempotentContext) => {
          await placeOrder(event, context);
          return new Promise<Answer>(() => {});
        },
        { timeoutEarlyInMillis: 30, timeoutEarlyResponse: () => ({ statusCode: 202 }) },
      ).use(guard({ strategy: 'single-write', timeoutEarlyInMillis: 30 }));
      expect(await send(handler, lambdaContext(60))).toMatchObject({ statusCode: 503 });
      expect(rows.puts.size).toBe(0);
    });

    test('an answer after the deadline is the first result, if there is one', async () => {
      await send(middy(placeOrder).use(single()));
      const late = { ...lambdaContext(), getRemainingTimeInMillis: () => -1 };
      const handler = middy(
        async (event: Event, context: IdempotentContext) => {
          const answer = await placeOrder(event, context);
          await pause(BEYOND_EARLY_TIMEOUT_MS);
          return answer;
        },
        { timeoutEarlyInMillis: 0 },
      ).use(single());
      expect(await send(handler, late)).toMatchObject({ statusCode: 200, body: '1' });
      const unknownKey = httpApiEvent({ key: 'k2' });
      expect(await send(handler, late, unknownKey)).toMatchObject({ statusCode: 503 });
      expect([...rows.puts]).toEqual([['order', 1]]);
    });
  });

  test('without a lock, the same: no answer of a success whose writes did not go out', async () => {
    const handler = middy(
      async (event: Event, context: IdempotentContext) => {
        await placeOrder(event, context);
        return new Promise<Answer>(() => {});
      },
      { timeoutEarlyInMillis: 30, timeoutEarlyResponse: () => ({ statusCode: 202 }) },
    ).use(guard({ timeoutEarlyInMillis: 30 }));
    expect(await send(handler, lambdaContext(60), httpApiEvent({ method: 'PUT' }))).toMatchObject({
      statusCode: 503,
    });
    expect(rows.puts.size).toBe(0);
  });
});
