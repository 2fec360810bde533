import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { StoreError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import type { HttpOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';
import { until } from '../../support/until.ts';

type Event = APIGatewayProxyEventV2;
interface Answer {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';

/** A promise that the test resolves, for holding a handler at a known point. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe.each(MIDDY_VERSIONS)('idempotency() with Middy $version', ({ middy, errorHandler }) => {
  let store: MemoryStore;
  let events: IdempotencyEvent[];
  let runs: number;

  beforeEach(() => {
    store = new MemoryStore();
    events = [];
    runs = 0;
  });

  function guard(options: HttpOptions<Event> = {}) {
    return idempotency<Event>({ store, onEvent: (event) => events.push(event), ...options });
  }

  async function addToCart(): Promise<Answer> {
    runs += 1;
    return { statusCode: 201, headers: { Location: '/cart/c1' }, body: JSON.stringify({ run: runs }) };
  }

  /** Its first run waits. Another one, where there should be none, answers at once and so is seen at once. */
  function waitingFor(opened: Promise<void>): () => Promise<Answer> {
    let begun = 0;
    return async () => {
      begun += 1;
      if (begun === 1) await opened;
      return addToCart();
    };
  }

  const seen = () => events.map((event) => event.type);
  const problemOf = (answer: Answer) => JSON.parse(answer.body ?? '{}');
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  type Handler = (event: Event, context: IdempotentContext) => Promise<unknown>;
  function invoke(handler: Handler, event: Event, context: Context): Promise<Answer> {
    const answer = handler(event, context as IdempotentContext) as Promise<Answer>;
    // A test that fails leaves requests behind, which core times out much later: that is not the next test's fault.
    answer.catch(() => {});
    return answer;
  }
  const send = (handler: Handler, event = httpApiEvent({ key: KEY })) =>
    invoke(handler, event, lambdaContext());

  test('the first request gets the handler’s own answer, a retry gets it again as a replay', async () => {
    const handler = middy(addToCart).use(guard());
    expect(await send(handler)).toEqual({
      statusCode: 201,
      headers: { Location: '/cart/c1' },
      body: '{"run":1}',
    });
    expect(await send(handler)).toMatchObject({
      statusCode: 200,
      headers: { Location: '/cart/c1', 'Idempotent-Replayed': 'true' },
      body: '{"run":1}',
    });
    expect(runs).toBe(1);
    expect(seen()).toEqual(['acquired', 'completed', 'replayed']);
  });

  test('of two at once one runs and the other is told so, and does not disturb the first', async () => {
    const { opened, open } = gate();
    const handler = middy(waitingFor(opened)).use(guard());
    const first = send(handler);
    // Rejected duplicates release nothing: otherwise the third would run beside the first.
    for (let duplicate = 0; duplicate < 3; duplicate++) {
      const conflict = await send(handler);
      expect(conflict.statusCode).toBe(409);
      expect(problemOf(conflict)).toMatchObject({ status: 409, code: 'IN_PROGRESS' });
      expect(Number(conflict.headers?.['Retry-After'])).toBeGreaterThanOrEqual(1);
    }
    open();
    expect(await first).toMatchObject({ statusCode: 201, body: '{"run":1}' });
    expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
    expect(runs).toBe(1);
  });

  test('a request without a key is refused before the store is asked', async () => {
    const untouched = interceptedStore(store, () => Promise.reject(new Error('the store was asked')));
    const handler = middy(addToCart).use(guard({ store: untouched }));
    const answer = await send(handler, httpApiEvent());
    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'Content-Type': 'application/problem+json' },
    });
    expect(problemOf(answer)).toMatchObject({ code: 'KEY_MISSING' });
    expect(runs).toBe(0);
  });

  test('a key with another payload is a mismatch, also while the first is running', async () => {
    const { opened, open } = gate();
    const handler = middy(waitingFor(opened)).use(guard());
    const first = send(handler);
    const other = httpApiEvent({ key: KEY, body: { sku: 'pear' } });
    expect(await send(handler, other)).toMatchObject({ statusCode: 422 });
    open();
    expect(await first).toMatchObject({ statusCode: 201 });
    expect(await send(handler, other)).toMatchObject({ statusCode: 422 });
    expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
  });

  describe('callers', () => {
    const from = (user: string) => httpApiEvent({ key: KEY, headers: { 'x-user': user } });

    test('that the option tells apart neither see nor block each other', async () => {
      const handler = middy(addToCart).use(guard({ caller: (event) => event.headers['x-user'] }));
      expect(await send(handler, from('anna'))).toMatchObject({ statusCode: 201, body: '{"run":1}' });
      expect(await send(handler, from('berta'))).toMatchObject({ statusCode: 201, body: '{"run":2}' });
      expect(await send(handler, from('anna'))).toMatchObject({ statusCode: 200, body: '{"run":1}' });
    });

    test('that are no strings are refused, so that they are not thrown together', async () => {
      const caller = () => ({ sub: 'anna' }) as unknown as string;
      let logged: unknown;
      const handler = middy(addToCart)
        .use(guard({ caller }))
        .onError(({ error }) => {
          logged = error;
        });
      expect(await send(handler)).toMatchObject({ statusCode: 500 });
      expect(logged).toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining('option `caller`'),
      });
      expect(runs).toBe(0);
    });
  });

  test('GET is not guarded, and the handler is told so', async () => {
    let guarded: boolean | undefined;
    const handler = middy(async (_event: Event, context: IdempotentContext) => {
      guarded = context.idempotency.guarded;
      return addToCart();
    }).use(guard());
    await send(handler, httpApiEvent({ method: 'GET', key: KEY }));
    await send(handler, httpApiEvent({ method: 'GET', key: KEY }));
    expect({ runs, guarded }).toEqual({ runs: 2, guarded: false });
  });

  describe('when the handler fails', () => {
    test('by throwing, the key is given back and a retry runs', async () => {
      let healthy = false;
      const handler = middy(async () => {
        if (!healthy) throw new Error('out of stock');
        return addToCart();
      }).use(guard());
      await expect(send(handler)).rejects.toThrow('out of stock');
      healthy = true;
      expect(await send(handler)).toMatchObject({ statusCode: 201 });
      expect(seen()).toEqual(['acquired', 'released', 'acquired', 'completed']);
    });

    test('by a status of 500 and above, the key is given back', async () => {
      const handler = middy(async (): Promise<Answer> => ({ statusCode: 503, body: String(++runs) })).use(
        guard(),
      );
      expect(await send(handler)).toMatchObject({ statusCode: 503, body: '1' });
      expect(await send(handler)).toMatchObject({ statusCode: 503, body: '2' });
    });

    test('a 4xx is a result, and is replayed', async () => {
      const handler = middy(async (): Promise<Answer> => ({ statusCode: 404, body: String(++runs) })).use(
        guard(),
      );
      await send(handler);
      expect(await send(handler)).toMatchObject({ statusCode: 404, body: '1' });
    });
  });

  describe('what ends without a known outcome leaves the key locked until its lease ends', () => {
    const soon = () => lambdaContext(60);

    async function expectInDoubt(handler: Handler) {
      await invoke(handler, httpApiEvent({ key: KEY }), soon()).catch(() => {});
      expect(seen()).toEqual(['acquired', 'in-doubt']);
      expect(await send(handler)).toMatchObject({ statusCode: 409 });
    }

    const hanging = () => waitingFor(new Promise<void>(() => {}));

    test('the early time-out that Middy throws', async () => {
      await expectInDoubt(middy(hanging()).use(guard()));
    });

    test.each(['before', 'behind'])(
      'the same, with an error handler %s that replaces the error',
      async (place) => {
        const quiet = errorHandler({ logger: () => {} });
        const guardian = guard();
        const handler = middy(hanging()).use(place === 'before' ? [quiet, guardian] : [guardian, quiet]);
        await expectInDoubt(handler);
      },
    );

    test('an early time-out that answers 504', async () => {
      await expectInDoubt(
        middy(hanging(), { timeoutEarlyInMillis: 30, timeoutEarlyResponse: () => ({ statusCode: 504 }) }).use(
          guard(),
        ),
      );
    });

    test('an early time-out that answers anything, if it is marked', async () => {
      const timeoutEarlyResponse = () => outcomeUnknown({ statusCode: 202, body: 'still at it' });
      await expectInDoubt(middy(hanging(), { timeoutEarlyInMillis: 30, timeoutEarlyResponse }).use(guard()));
    });

    test('an early time-out that answers anything, if the guard knows when it comes', async () => {
      const timeoutEarlyInMillis = 30;
      const timeoutEarlyResponse = () => ({ statusCode: 500 });
      await expectInDoubt(
        middy(hanging(), { timeoutEarlyInMillis, timeoutEarlyResponse }).use(guard({ timeoutEarlyInMillis })),
      );
    });

    test('the same, when its timer fires a millisecond early', async () => {
      const timeoutEarlyInMillis = 30;
      const handler = middy(hanging(), {
        timeoutEarlyInMillis,
        timeoutEarlyResponse: () => ({ statusCode: 500 }),
      }).use(guard({ timeoutEarlyInMillis }));
      const context = { ...lambdaContext(), getRemainingTimeInMillis: () => timeoutEarlyInMillis + 1 };
      await invoke(handler, httpApiEvent({ key: KEY }), context);
      expect(seen()).toEqual(['acquired', 'in-doubt']);
    });

    test('a handler that says so itself, and whose answer is given all the same', async () => {
      const handler = middy(async () => outcomeUnknown({ statusCode: 502 })).use(guard());
      expect(await send(handler)).toEqual({ statusCode: 502 });
      expect(seen()).toEqual(['acquired', 'in-doubt']);
      expect(await send(handler)).toMatchObject({ statusCode: 409 });
    });
  });

  describe('other middlewares that interfere', () => {
    test('a hook that answers before the handler gives the key back: nothing has run', async () => {
      let signedIn = false;
      const handler = middy(addToCart)
        .use(guard())
        .before(() => (signedIn ? undefined : { statusCode: 401 }));
      expect(await send(handler)).toEqual({ statusCode: 401 });
      signedIn = true;
      expect(await send(handler)).toMatchObject({ statusCode: 201 });
    });

    test('a hook that throws before the handler gives the key back', async () => {
      let valid = false;
      const handler = middy(addToCart)
        .use(guard())
        .before(() => {
          if (!valid) throw new Error('invalid');
        });
      await expect(send(handler)).rejects.toThrow('invalid');
      valid = true;
      expect(await send(handler)).toMatchObject({ statusCode: 201 });
    });

    test('a hook that ends the chain after the handler does not keep the result from being recorded', async () => {
      const handler = middy(addToCart)
        .use(guard())
        .after(() => ({ statusCode: 201, body: 'early' }));
      expect(await send(handler)).toMatchObject({ statusCode: 201, body: 'early' });
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: 'early' });
      expect(runs).toBe(1);
    });

    test('a hook that throws after the handler does not make a retry run it again', async () => {
      const handler = middy(addToCart)
        .use(guard())
        .after(() => {
          throw new Error('serializer broke');
        });
      await expect(send(handler)).rejects.toThrow('serializer broke');
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
      expect(runs).toBe(1);
    });

    test('a hook that throws once the key is completed leaves it completed', async () => {
      const handler = middy(addToCart)
        .use({
          after: () => {
            throw new Error('too late');
          },
        })
        .use(guard());
      await expect(send(handler)).rejects.toThrow('too late');
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
      expect(seen()).toEqual(['acquired', 'completed', 'replayed']);
    });

    test('a hook that says that there is no error, with null, changes nothing', async () => {
      const handler = middy(addToCart)
        .use(guard())
        .after((request) => {
          request.error = null;
          request.response = { statusCode: 201, body: 'finished' };
        });
      expect(await send(handler)).toMatchObject({ statusCode: 201, body: 'finished' });
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: 'finished' });
    });

    test.each(['before', 'after'] as const)(
      'a hook %s the handler that notes an error without throwing it does not make a retry run again',
      async (place) => {
        const handler = middy(addToCart).use(guard());
        handler[place]((request) => {
          request.error = new Error('noted');
        });
        expect(await send(handler)).toMatchObject({ statusCode: 201, body: '{"run":1}' });
        expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
      },
    );

    test('an onError hook that puts another error in the place of Middy’s time-out leaves the key in doubt', async () => {
      const handler = middy(waitingFor(new Promise<void>(() => {})))
        .use(guard())
        .onError((request) => {
          request.error = new Error('something went wrong');
        });
      await expect(invoke(handler, httpApiEvent({ key: KEY }), lambdaContext(60))).rejects.toThrow(
        'something went wrong',
      );
      expect(seen()).toEqual(['acquired', 'in-doubt']);
    });

    test('an onError hook that puts another error in the place of one that tells nothing changes nothing', async () => {
      const handler = middy(async (): Promise<Answer> => {
        throw outcomeUnknown(new Error('the payment service did not answer'));
      })
        .use(guard())
        .onError((request) => {
          request.error = new Error('something went wrong');
        });
      await expect(send(handler)).rejects.toThrow('something went wrong');
      expect(seen()).toEqual(['acquired', 'in-doubt']);
    });

    test('an onError hook that answers a refusal in its own way is left its answer', async () => {
      const handler = middy(addToCart)
        .use(guard())
        .onError((request) => {
          request.response = { statusCode: 418, body: 'in its own way' };
          request.error = new Error('translated', { cause: request.error });
        });
      expect(await send(handler, httpApiEvent())).toEqual({ statusCode: 418, body: 'in its own way' });
    });

    test('hooks see the members of the request as they are without a guard', async () => {
      const membersIn = async (guards: readonly ReturnType<typeof guard>[]) => {
        let members: unknown;
        const handler = middy(async () => ({ statusCode: 201 }))
          .use([...guards])
          .after((request) => {
            members = { ...request, event: 'the event', context: 'the context' };
          });
        await send(handler);
        return members;
      };
      expect(await membersIn([guard()])).toEqual(await membersIn([]));
    });

    describe('a second guard in the chain', () => {
      const twiceGuarded = () =>
        middy(addToCart)
          .use(guard())
          .use(guard({ namespace: 'orders', keyHeader: 'X-Order' }));
      const post = (key: string, order?: string) =>
        httpApiEvent({ key, headers: order === undefined ? {} : { 'x-order': order } });

      test('keeps its own key, and the first one’s is completed all the same', async () => {
        const handler = twiceGuarded();
        expect(await send(handler, post('k1', 'o1'))).toMatchObject({ statusCode: 201, body: '{"run":1}' });
        expect(await send(handler, post('k1', 'o2'))).toMatchObject({ statusCode: 200, body: '{"run":1}' });
        expect(await send(handler, post('k2', 'o1'))).toMatchObject({ statusCode: 200, body: '{"run":1}' });
        expect(runs).toBe(1);
      });

      test('that refuses gives the first one’s key back: nothing has run', async () => {
        const handler = twiceGuarded();
        expect(await send(handler, post('k1'))).toMatchObject({ statusCode: 400 });
        expect(seen()).toEqual(['acquired', 'released']);
        expect(await send(handler, post('k1', 'o1'))).toMatchObject({ statusCode: 201, body: '{"run":1}' });
      });
    });

    test('a hook that turns a finished answer into a 500 does not make a retry run it again', async () => {
      const handler = middy(addToCart)
        .use(guard())
        .after((request) => {
          request.response = { statusCode: 500, body: 'no' };
        });
      expect(await send(handler)).toMatchObject({ statusCode: 500 });
      expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
      expect(runs).toBe(1);
    });

    test('an onError hook that ends the chain does not keep the key from being given back', async () => {
      let healthy = false;
      const handler = middy(async () => {
        if (!healthy) throw new Error('out of stock');
        return addToCart();
      })
        .use(guard())
        .onError(() => ({ statusCode: 500 }));
      expect(await send(handler)).toEqual({ statusCode: 500 });
      healthy = true;
      expect(await send(handler)).toMatchObject({ statusCode: 201 });
    });

    test('a handler that returned undefined has taken effect, though a hook changed that and another threw', async () => {
      const handler = middy(async () => {
        runs += 1;
      })
        .use(guard())
        .after(() => {
          throw new Error('serializer broke');
        })
        .after((request) => {
          request.response = { statusCode: 204 } as never;
        });
      await expect(send(handler)).rejects.toThrow('serializer broke');
      await send(handler).catch(() => {});
      expect(runs).toBe(1);
      expect(seen()).toEqual(['acquired', 'completed', 'replayed']);
    });

    test('a handler that returns undefined is told from one that throws', async () => {
      const handler = middy(async () => {
        runs += 1;
      })
        .use(guard())
        .after(() => {
          throw new Error('behind the handler');
        });
      await expect(send(handler)).rejects.toThrow('behind the handler');
      await send(handler);
      expect(runs).toBe(1);
      expect(seen()).toEqual(['acquired', 'completed', 'replayed']);
    });
  });

  describe('when the store fails', () => {
    const failing = (failed: string) =>
      interceptedStore(store, (operation, proceed) =>
        operation === failed ? Promise.reject(new StoreError('down')) : proceed(),
      );

    test('to acquire: 503, and the handler does not run', async () => {
      const answer = await send(middy(addToCart).use(guard({ store: failing('acquire') })));
      expect(answer).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '1' } });
      expect(answer.body).not.toMatch('down');
      expect(runs).toBe(0);
    });

    test("to acquire, with onStoreUnavailable 'run-unguarded': the handler runs, and knows it", async () => {
      let guarded: boolean | undefined;
      const handler = middy(async (_event: Event, context: IdempotentContext) => {
        guarded = context.idempotency.guarded;
        return addToCart();
      }).use(guard({ store: failing('acquire'), onStoreUnavailable: 'run-unguarded' }));
      expect(await send(handler)).toMatchObject({ statusCode: 201 });
      expect(guarded).toBe(false);
      expect(seen()).toEqual(['store-failed', 'unguarded']);
    });

    test('to complete: the client gets the answer all the same, and the key stays in doubt', async () => {
      const handler = middy(addToCart).use(guard({ store: failing('complete') }));
      expect(await send(handler)).toMatchObject({ statusCode: 201, body: '{"run":1}' });
      expect(await send(handler)).toMatchObject({ statusCode: 409 });
      expect(events).toContainEqual(expect.objectContaining({ type: 'store-failed', during: 'complete' }));
    });

    test('to release: the client gets the handler’s error, not the store’s', async () => {
      const handler = middy(async () => {
        throw new Error('out of stock');
      }).use(guard({ store: failing('release') }));
      await expect(send(handler)).rejects.toThrow('out of stock');
    });
  });

  test('an attempt that outlived its lease answers with the record, not with a second result', async () => {
    let nowMs = Date.now();
    const { opened, open } = gate();
    const handler = middy(async () => {
      const run = ++runs;
      if (run === 1) await opened;
      return { statusCode: 201, body: JSON.stringify({ run }) };
    }).use(guard({ now: () => nowMs }));
    const zombie = send(handler);
    await Promise.resolve();
    nowMs += 60_000;
    expect(await send(handler)).toMatchObject({ statusCode: 201, body: '{"run":2}' });
    open();
    expect(await zombie).toMatchObject({ statusCode: 200, body: '{"run":2}' });
    expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":2}' });
  });

  test('an attempt whose record is gone in the end answers with its own result', async () => {
    const vanishing = interceptedStore(store, async (operation, proceed) =>
      operation === 'complete' ? { applied: false, current: undefined } : proceed(),
    );
    const handler = middy(addToCart).use(guard({ store: vanishing }));
    expect(await send(handler)).toMatchObject({ statusCode: 201, body: '{"run":1}' });
    expect(seen()).toEqual(['acquired', 'superseded']);
  });

  describe('a hook that ends the chain of an attempt that outlived its lease', () => {
    let nowMs: number;
    let thaw: () => void;
    let finishSuccessor: () => void;
    let handler: Handler;

    beforeEach(() => {
      nowMs = Date.now();
      const first = gate();
      const second = gate();
      thaw = first.open;
      finishSuccessor = second.open;
      handler = middy(async () => {
        const run = ++runs;
        await (run === 1 ? first : second).opened;
        return { statusCode: 201, body: JSON.stringify({ run }) };
      })
        .use(guard({ now: () => nowMs }))
        .after(({ response }) => ({ ...response, headers: { 'X-Early': 'yes' } }));
    });

    async function overtaken(): Promise<readonly [Promise<Answer>, Promise<Answer>]> {
      const zombie = send(handler);
      await until('the first attempt runs', () => runs === 1);
      nowMs += 60_000;
      const successor = send(handler);
      await until('the successor runs', () => runs === 2);
      return [zombie, successor];
    }

    test('does not hide the record of its successor', async () => {
      const [zombie, successor] = await overtaken();
      finishSuccessor();
      expect(await successor).toMatchObject({ body: '{"run":2}' });
      thaw();
      expect(await zombie).toMatchObject({ statusCode: 200, body: '{"run":2}' });
    });

    test('does not hide that its successor is still running', async () => {
      const [zombie, successor] = await overtaken();
      thaw();
      expect(problemOf(await zombie)).toMatchObject({ code: 'SUPERSEDED' });
      finishSuccessor();
      expect(await successor).toMatchObject({ body: '{"run":2}' });
    });
  });

  test('needs no context of Lambda’s, as in a container or in a test', async () => {
    const handler = middy(addToCart).use(guard());
    expect(await invoke(handler, httpApiEvent({ key: KEY }), {} as Context)).toMatchObject({
      statusCode: 201,
    });
    expect(seen()).toEqual(['acquired', 'completed']);
  });

  test.each([30, 0])(
    'an early time-out that answers %d ms before the deadline asks the store nothing: no time is left for it',
    async (leftMs) => {
      const asked: string[] = [];
      const watched = interceptedStore(store, (operation, proceed) => {
        asked.push(operation);
        return proceed();
      });
      // Far enough off for a busy machine to get there before; Middy's timer ends 30 ms from now all the same.
      let remainingMs = 5_030;
      const handler = middy(waitingFor(new Promise<void>(() => {})), {
        timeoutEarlyInMillis: 5_000,
        timeoutEarlyResponse: () => {
          remainingMs = leftMs;
          return { statusCode: 202 };
        },
      }).use(guard({ store: watched, timeoutEarlyInMillis: 5_000 }));
      const context = { ...lambdaContext(), getRemainingTimeInMillis: () => remainingMs };
      expect(await invoke(handler, httpApiEvent({ key: KEY }), context)).toEqual({ statusCode: 202 });
      expect(seen()).toEqual(['acquired', 'in-doubt']);
      expect(asked).toEqual(['acquire']);
    },
  );

  describe('a frozen process that goes on after its deadline, which only a container can', () => {
    let nowMs: number;
    let thaw: () => void;
    let finishSuccessor: () => void;
    let handler: Handler;

    /** Its own clock tells how long the invocation has left, as Lambda's context does. */
    function attempt(): Promise<Answer> {
      const deadline = nowMs + 10_000;
      const context = { ...lambdaContext(), getRemainingTimeInMillis: () => deadline - nowMs };
      return invoke(handler, httpApiEvent({ key: KEY }), context);
    }

    async function frozenAttempt(): Promise<{ readonly answer: Promise<Answer> }> {
      const answer = attempt();
      await until('the first attempt runs', () => runs === 1);
      nowMs += 60_000;
      return { answer };
    }

    beforeEach(() => {
      nowMs = Date.now();
      const first = gate();
      const second = gate();
      thaw = first.open;
      finishSuccessor = second.open;
      // Without core's early time-out, whose timer runs on the machine's clock and not on this one.
      handler = middy(
        async () => {
          const run = ++runs;
          if (run === 1) await first.opened;
          if (run === 2) await second.opened;
          return { statusCode: 201, body: JSON.stringify({ run }) };
        },
        { timeoutEarlyInMillis: 0 },
      ).use(guard({ now: () => nowMs }));
    });

    test('answers with the record of its successor', async () => {
      const { answer } = await frozenAttempt();
      finishSuccessor();
      expect(await attempt()).toMatchObject({ statusCode: 201, body: '{"run":2}' });
      thaw();
      expect(await answer).toMatchObject({ statusCode: 200, body: '{"run":2}' });
      expect(seen()).toEqual(['acquired', 'acquired', 'completed', 'superseded']);
    });

    test('is refused while its successor is running', async () => {
      const { answer } = await frozenAttempt();
      const successor = attempt();
      await until('the successor runs', () => runs === 2);
      thaw();
      expect(problemOf(await answer)).toMatchObject({ code: 'SUPERSEDED', status: 409 });
      finishSuccessor();
      expect(await successor).toMatchObject({ statusCode: 201, body: '{"run":2}' });
    });

    test('finishes its key where it has no successor: a retry gets the same result', async () => {
      const { answer } = await frozenAttempt();
      thaw();
      expect(await answer).toMatchObject({ statusCode: 201, body: '{"run":1}' });
      expect(seen()).toEqual(['acquired', 'completed']);
      finishSuccessor();
      expect(await attempt()).toMatchObject({ statusCode: 200, body: '{"run":1}' });
    });

    describe('and whose early time-out answers before its handler does', () => {
      /** Core's timer runs on the machine's clock; the invocation's own one says that the deadline has long passed. */
      function answerOfEarlyTimeout(records: IdempotencyStore, method = 'POST'): Promise<Answer> {
        const deadline = nowMs + 20;
        const frozen = middy(async () => new Promise<never>(() => {}), {
          timeoutEarlyResponse: () => {
            nowMs += 60_000;
            return { statusCode: 202, body: 'still at it' };
          },
        }).use(guard({ store: records, now: () => nowMs }));
        const context = { ...lambdaContext(), getRemainingTimeInMillis: () => deadline - nowMs };
        return invoke(frozen, httpApiEvent({ key: KEY, method }), context);
      }

      test('gives that answer where the request needs no lock', async () => {
        expect(await answerOfEarlyTimeout(store, 'GET')).toMatchObject({ statusCode: 202 });
        expect(seen()).toEqual(['unguarded']);
      });

      test('throws where that throws, and leaves the key in doubt whoever has it now', async () => {
        const deadline = nowMs + 20;
        const frozen = middy(() => new Promise<never>(() => {}), {
          timeoutEarlyResponse: () => {
            nowMs += 60_000;
            throw new Error('too late');
          },
        })
          .use(guard({ now: () => nowMs }))
          .onError(async () => {
            attempt();
            await until('the successor runs', () => runs === 2);
          });
        const context = { ...lambdaContext(), getRemainingTimeInMillis: () => deadline - nowMs };
        runs = 1; // The handler of the successor is that of the other tests here.
        await expect(invoke(frozen, httpApiEvent({ key: KEY }), context)).rejects.toThrow('too late');
        expect(seen()).toEqual(['acquired', 'acquired', 'in-doubt']);
        finishSuccessor();
      });

      test('gives that answer and leaves the key in doubt', async () => {
        expect(await answerOfEarlyTimeout(store)).toMatchObject({ statusCode: 202 });
        expect(seen()).toEqual(['acquired', 'in-doubt']);
      });

      test('does the same where the store cannot tell whether it has a successor, and says so', async () => {
        const reading = interceptedStore(store, async (operation, proceed) => {
          if (operation === 'read') throw new StoreError('not now');
          return proceed();
        });
        expect(await answerOfEarlyTimeout(reading)).toMatchObject({ statusCode: 202 });
        expect(seen()).toEqual(['acquired', 'store-failed', 'in-doubt']);
        expect(events[1]).toMatchObject({ during: 'read' });
      });

      test('gives the record of its successor in its place', async () => {
        const overtaken = interceptedStore(store, async (operation, proceed) => {
          if (operation === 'read') {
            finishSuccessor();
            await attempt();
          }
          return proceed();
        });
        runs = 1; // The handler of the successor is that of the other tests here.
        expect(await answerOfEarlyTimeout(overtaken)).toMatchObject({ statusCode: 200, body: '{"run":2}' });
        expect(seen()).toEqual(['acquired', 'acquired', 'completed', 'superseded']);
      });

      test('is refused where a successor has a result that cannot be read', async () => {
        const unreadable = interceptedStore(store, async (operation, proceed) => {
          if (operation === 'read') throw new StoreError('not now', { keyConsumed: true });
          return proceed();
        });
        expect(await answerOfEarlyTimeout(unreadable)).toMatchObject({ statusCode: 503 });
        expect(seen()).toEqual(['acquired', 'store-failed']);
        expect(events[1]).toMatchObject({ during: 'read' });
      });
    });
  });

  test('what the handler answers is its result although the process was frozen over its deadline', async () => {
    const frozenHandler = async () => {
      await new Promise<void>((resolve) => {
        setImmediate(() => {
          // Nothing else runs meanwhile, and core's timer is late when it is over.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120);
          resolve();
        });
      });
      return addToCart();
    };
    const handler = middy(frozenHandler).use(guard());
    const answer = await invoke(handler, httpApiEvent({ key: KEY }), lambdaContext(60));
    expect(answer).toMatchObject({ statusCode: 201 });
    expect(seen()).toEqual(['acquired', 'completed']);
  });

  test('what the handler answers in its last milliseconds is its result', async () => {
    // Core's timer would fire a millisecond from now; the handler is quicker.
    const context = { ...lambdaContext(), getRemainingTimeInMillis: () => 3 };
    // A clock that stands still: on a busy machine the milliseconds would be over before the handler begins.
    const nowMs = Date.now();
    const handler = middy(addToCart).use(guard({ now: () => nowMs }));
    expect(await invoke(handler, httpApiEvent({ key: KEY }), context)).toMatchObject({ statusCode: 201 });
    expect(seen()).toEqual(['acquired', 'completed']);
    expect(await send(handler)).toMatchObject({ statusCode: 200, body: '{"run":1}' });
  });

  test("with onUncertain 'block' a lapsed lease answers 409 with a type of its own", async () => {
    let nowMs = Date.now();
    const { opened, open } = gate();
    const handler = middy(waitingFor(opened)).use(guard({ now: () => nowMs, onUncertain: 'block' }));
    const stalled = send(handler);
    await Promise.resolve();
    nowMs += 60_000;
    const answer = await send(handler);
    expect(answer.statusCode).toBe(409);
    expect(problemOf(answer)).toMatchObject({ type: 'urn:lambda-idempotency:problem:outcome-unknown' });
    expect(answer.headers).not.toHaveProperty('Retry-After');
    open();
    expect(await stalled).toMatchObject({ statusCode: 201 });
  });

  test('invocations that overlap in one process and share one context keep their own attempts', async () => {
    const shared = lambdaContext();
    const derived = new Map<string, string>();
    const handler = middy(async (event: Event, context: IdempotentContext) => {
      await Promise.resolve();
      derived.set(event.headers['idempotency-key'] ?? '', context.idempotency.deriveKey('line'));
      return addToCart();
    }).use(guard());
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => invoke(handler, httpApiEvent({ key }), shared)));
    expect(new Set(derived.values()).size).toBe(keys.length);
    expect(shared).not.toHaveProperty('idempotency');
  });

  test('a listener that throws does not touch the request, and is not silent', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const failure = new Error('listener');
    const onEvent = () => {
      throw failure;
    };
    expect(await send(middy(addToCart).use(guard({ onEvent })))).toMatchObject({ statusCode: 201 });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('onEvent threw on "acquired"'), failure);
    warn.mockRestore();
  });
});
