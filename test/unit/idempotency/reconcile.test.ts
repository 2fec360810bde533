import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import {
  ConfigurationError,
  InProgressError,
  OutcomeUnknownError,
  PayloadMismatchError,
  StoreError,
  SupersededError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotencyContext, IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency as middleware } from '../../../lib/idempotency/middleware.ts';
import type { KeyedOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import type {
  DoubtfulOperation,
  Reconcile,
  Reconciliation,
} from '../../../lib/idempotency/reconciliation.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { type Interception, interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';
import { settled, VirtualTime } from '../../support/virtual-time.ts';

interface Order {
  readonly orderId: string;
  readonly amount?: number;
}
type Work = (idempotency: IdempotencyContext, run: number) => unknown;

const LEASE_MS = 11_000;

let store: MemoryStore;
let timers: VirtualTime;
let events: IdempotencyEvent[];
/** Of the record that was told of last. */
let id: string;
let runs: number;
let questions: DoubtfulOperation<Order>[];

beforeEach(() => {
  store = new MemoryStore();
  timers = new VirtualTime();
  events = [];
  id = '';
  runs = 0;
  questions = [];
});

const seen = () => events.map(({ type }) => type);
const record = () => store.read(id);

function listen(event: IdempotencyEvent): void {
  events.push(event);
  if ('id' in event) id = event.id;
}

/** Remembers what it is asked, and answers as it is told. */
function says(answer: ReturnType<Reconcile> | (() => ReturnType<Reconcile>)): Reconcile<Order> {
  return async (operation) => {
    questions.push(operation);
    return typeof answer === 'function' ? answer() : answer;
  };
}

function guard(
  onUncertain: Reconcile<Order>,
  work: Work = (_, run) => ({ run }),
  options: Partial<KeyedOptions<Order>> = {},
) {
  const handler = idempotent(
    async (_order: Order, context: IdempotentContext) => work(context.idempotency, ++runs),
    {
      store,
      now: timers.now,
      sleep: timers.sleep,
      onEvent: listen,
      key: ({ orderId }) => orderId,
      fingerprint: ({ amount }) => amount ?? null,
      onUncertain,
      ...options,
    },
  );
  return (order: Order = { orderId: 'o1' }) => handler(order, lambdaContext() as IdempotentContext);
}

/** A first attempt of which nobody knows how it ended, and whose lease is over. */
async function leaveDoubt(work: Work = () => {}): Promise<void> {
  const send = guard(says({ outcome: 'run' }), async (idempotency, run) => {
    await work(idempotency, run);
    throw outcomeUnknown(new Error('?'));
  });
  await expect(send()).rejects.toThrow('?');
  timers.nowMs += LEASE_MS;
  events = [];
  runs = 0;
}

describe('onUncertain: a function', () => {
  test('is asked about a lapsed lease, under the lock of the next attempt', async () => {
    const keys: string[] = [];
    await leaveDoubt(async ({ step, deriveKey }) => {
      keys.push(deriveKey('row'));
      await step('reserve', () => 1);
    });
    const order = { orderId: 'o1' };
    const doubted = await record();
    const send = guard(
      says(async () => {
        expect(await record()).toMatchObject({ status: 'INPROGRESS', attempt: 2 });
        // Nobody else is asked meanwhile, and nobody runs.
        await expect(send()).rejects.toThrow(InProgressError);
        return { outcome: 'run' };
      }),
    );
    await send(order);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatchObject({
      event: order,
      context: { functionName: 'add-to-cart' },
      attempt: 2,
      stepNames: ['reserve'],
      leaseEndedAtMs: doubted?.leaseEndsAtMs,
    });
    expect(questions[0]?.deriveKey('row')).toBe(keys[0]);
  });

  test.each(['new', 'completed', 'released', 'suspended', 'in progress'])(
    'is not asked about a key that is %s',
    async (state) => {
      const send = guard(says({ outcome: 'blocked' }), async ({ step }, run) => {
        if (state === 'suspended') await step('reserve', () => 1);
        if (state === 'in progress' && run === 1) await expect(send()).rejects.toThrow(InProgressError);
        if (run === 1 && (state === 'released' || state === 'suspended')) throw new Error('no');
      });
      await send().catch(() => {});
      await send();
      expect(questions).toEqual([]);
    },
  );

  test('is not asked by another payload, which changes nothing', async () => {
    await leaveDoubt();
    const before = await record();
    await expect(guard(says({ outcome: 'run' }))({ orderId: 'o1', amount: 2 })).rejects.toThrow(
      PayloadMismatchError,
    );
    expect(questions).toEqual([]);
    expect(await record()).toEqual(before);
  });
});

describe("'run'", () => {
  test('runs the handler, as the next attempt and behind the recorded steps', async () => {
    await leaveDoubt(async ({ step }) => {
      await step('reserve', () => 'reserved');
    });
    const send = guard(says({ outcome: 'run' }), async ({ step, attempt }) => [
      attempt,
      await step('reserve', () => 'again'),
    ]);
    expect(await send()).toEqual([2, 'reserved']);
    expect(seen()).toEqual(['acquired', 'reconciled', 'step-skipped', 'completed']);
    expect(events[1]).toMatchObject({ outcome: 'run', attempt: 2 });
  });

  test('with something beside it that only ‘blocked’ has, is told of without it', async () => {
    await leaveDoubt();
    await guard(says({ outcome: 'run', error: new Error('not of this outcome') } as Reconciliation))();
    expect(events[1]).toEqual({ type: 'reconciled', id, attempt: 2, outcome: 'run' });
  });

  test('is asked for again where that run ends in doubt, too', async () => {
    await leaveDoubt();
    const send = guard(says({ outcome: 'run' }), () => {
      throw outcomeUnknown(new Error('?'));
    });
    for (const attempt of [2, 3]) {
      await expect(send()).rejects.toThrow('?');
      expect(questions.at(-1)).toMatchObject({ attempt });
      timers.nowMs += LEASE_MS;
    }
  });

  test('does not run under a lease that was lost while it was asked', async () => {
    await leaveDoubt();
    const send = guard(
      says(() => {
        timers.nowMs += LEASE_MS;
        return { outcome: 'run' };
      }),
    );
    await expect(send()).rejects.toThrow(StoreError);
    expect(runs).toBe(0);
    expect(seen()).toEqual(['acquired', 'reconciled', 'lease-lost', 'suspended']);
  });
});

describe("'completed'", () => {
  test('records the answer and gives it; the handler does not run, now or later', async () => {
    await leaveDoubt();
    const send = guard(says({ outcome: 'completed', answer: { found: new Date(0) } }));
    expect(await send()).toEqual({ found: '1970-01-01T00:00:00.000Z' });
    expect(await send()).toEqual({ found: '1970-01-01T00:00:00.000Z' });
    expect([runs, questions.length]).toEqual([0, 1]);
    expect(seen()).toEqual(['acquired', 'reconciled', 'completed', 'replayed']);
  });

  test.each([[undefined], [null], ['']])('with %p is an answer, too', async (answer) => {
    await leaveDoubt();
    const send = guard(says({ outcome: 'completed', answer }));
    expect(await send()).toBe(answer);
    expect(await send()).toBe(answer);
    expect(runs).toBe(0);
  });

  test('drops the recorded steps', async () => {
    await leaveDoubt(async ({ step }) => {
      await step('reserve', () => 1);
    });
    await guard(says({ outcome: 'completed', answer: 1 }))();
    expect(await record()).not.toHaveProperty('steps');
  });

  test('with an answer that has no JSON gives it this once, and consumes the key', async () => {
    await leaveDoubt();
    const answer = { count: 1n };
    const send = guard(says({ outcome: 'completed', answer }));
    expect(await send()).toBe(answer);
    await expect(send()).rejects.toMatchObject({ code: 'RESULT_NOT_RECORDED' });
  });

  test('that cannot be recorded is the answer all the same, and the next retry asks again', async () => {
    await leaveDoubt();
    const failing = interceptedStore(store, (operation, proceed) =>
      operation === 'complete' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    const send = guard(says({ outcome: 'completed', answer: 1 }), undefined, { store: failing });
    expect(await send()).toBe(1);
    timers.nowMs += LEASE_MS;
    expect(await send()).toBe(1);
    expect(questions).toHaveLength(2);
  });

  test('gives way to an attempt that has taken over meanwhile', async () => {
    await leaveDoubt();
    const faster = guard(says({ outcome: 'completed', answer: 'the record' }));
    const slower = guard(
      says(async () => {
        timers.nowMs += LEASE_MS;
        await faster();
        return { outcome: 'completed', answer: 'another' };
      }),
    );
    expect(await slower()).toBe('the record');
    expect(seen()).toContain('superseded');
  });

  test('gives way to an attempt that is at work meanwhile, and says so', async () => {
    await leaveDoubt();
    let finish = () => {};
    const running = guard(
      says({ outcome: 'run' }),
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    let successor: Promise<unknown> = Promise.resolve();
    const slower = guard(
      says(async () => {
        timers.nowMs += LEASE_MS;
        successor = running();
        await settled();
        return { outcome: 'completed', answer: 'another' };
      }),
    );
    await expect(slower()).rejects.toThrow(SupersededError);
    finish();
    await successor;
  });
});

describe("'blocked'", () => {
  const notAnOutcome = new ConfigurationError(
    "onUncertain must resolve to { outcome: 'completed', answer }, { outcome: 'run' } or { outcome: 'blocked' }.",
  );

  test('is a 409 of its own, and the next retry asks again without waiting for a lease', async () => {
    await leaveDoubt();
    const send = guard(says({ outcome: 'blocked' }));
    const failure = await send().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutcomeUnknownError);
    expect(failure).toMatchObject({ statusCode: 409, retryable: true, retryAfterMs: 1000 });
    expect(await record()).toMatchObject({ status: 'INPROGRESS', attempt: 2, leaseEndsAtMs: timers.nowMs });
    expect(seen()).toEqual(['acquired', 'reconciled']);
    expect(events[1]).toEqual({ type: 'reconciled', id, attempt: 2, outcome: 'blocked' });
    expect((failure as Error).cause).toBeUndefined();
    await expect(send()).rejects.toThrow(OutcomeUnknownError);
    expect(questions.map(({ attempt }) => attempt)).toEqual([2, 3]);
    expect(runs).toBe(0);
    expect(await guard(says({ outcome: 'completed', answer: 'found' }))()).toBe('found');
  });

  test('keeps the recorded steps', async () => {
    await leaveDoubt(async ({ step }) => {
      await step('reserve', () => 'reserved');
    });
    await expect(guard(says({ outcome: 'blocked' }))()).rejects.toThrow(OutcomeUnknownError);
    const send = guard(says({ outcome: 'run' }), ({ step }) => step('reserve', () => 'again'));
    expect(await send()).toBe('reserved');
  });

  test.each<[string, () => ReturnType<Reconcile>, unknown]>([
    [
      'a function that throws',
      () => {
        throw new Error('the payment service is down');
      },
      new Error('the payment service is down'),
    ],
    ['one that throws no error', () => Promise.reject('down'), 'down'],
    ['one that says nothing', () => undefined as never, notAnOutcome],
    ['one that says something else', () => ({ outcome: 'retry' }) as never, notAnOutcome],
    [
      'an answer that does not know',
      () => ({ outcome: 'completed', answer: outcomeUnknown({ statusCode: 202 }) }),
      new ConfigurationError(
        "onUncertain said that the operation was completed, and gave an answer that does not know its outcome. Give the answer of a success or a refusal, or the outcome 'run' or 'blocked'.",
      ),
    ],
  ])('%s blocks the key, and its error is the cause', async (_, answer, cause) => {
    await leaveDoubt();
    const failure = await guard(says(answer))().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutcomeUnknownError);
    expect((failure as Error).cause).toEqual(cause);
    expect(events[1]).toMatchObject({ type: 'reconciled', outcome: 'blocked', error: expect.any(Error) });
    expect(await guard(says({ outcome: 'run' }))()).toEqual({ run: 1 });
  });

  test('where the store fails, the lease ends by itself', async () => {
    await leaveDoubt();
    const failing = interceptedStore(store, (operation, proceed) =>
      operation === 'renew' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    const send = guard(says({ outcome: 'blocked' }), undefined, { store: failing });
    await expect(send()).rejects.toThrow(OutcomeUnknownError);
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', during: 'block' });
    await expect(send()).rejects.toThrow(InProgressError);
    timers.nowMs += LEASE_MS;
    await expect(send()).rejects.toThrow(OutcomeUnknownError);
  });

  test('whose reply was lost and which was sent again is blocked', async () => {
    await leaveDoubt();
    const send = guard(says({ outcome: 'blocked' }), undefined, {
      store: losingFirstReplyOf(store, 'renew'),
    });
    await expect(send()).rejects.toThrow(OutcomeUnknownError);
    expect(seen()).toEqual(['acquired', 'reconciled']);
  });

  test('leaves an attempt alone that has taken over meanwhile', async () => {
    await leaveDoubt();
    const faster = guard(says({ outcome: 'run' }));
    const slower = guard(
      says(async () => {
        timers.nowMs += LEASE_MS;
        await faster();
        return { outcome: 'blocked' };
      }),
    );
    await expect(slower()).rejects.toThrow(OutcomeUnknownError);
    expect(seen().at(-1)).toBe('superseded');
    expect(await slower()).toEqual({ run: 1 });
  });

  test('is told of on standard error by default, without a word of what was thrown', async () => {
    await leaveDoubt();
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const failing = says(() => Promise.reject(new TypeError('SECRET')));
    const send = guard(failing, undefined, { onEvent: undefined } as object);
    await expect(send()).rejects.toThrow(OutcomeUnknownError);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/still unknown \(TypeError\).*stays blocked/)]]);
    warn.mockRestore();
  });
});

describe('an attempt that dies while it asks', () => {
  test('leaves the question to the next retry, when its lease is over', async () => {
    await leaveDoubt();
    void guard(says(() => new Promise(() => {})))();
    await settled();
    await expect(guard(says({ outcome: 'run' }))()).rejects.toThrow(InProgressError);
    timers.nowMs += LEASE_MS;
    expect(await guard(says({ outcome: 'completed', answer: 'found' }))()).toBe('found');
    expect(questions.map(({ attempt }) => attempt)).toEqual([2, 3]);
  });

  test('whose reply to the takeover was lost asks nonetheless', async () => {
    await leaveDoubt();
    const send = guard(says({ outcome: 'completed', answer: 'found' }), undefined, {
      store: losingFirstReplyOf(store, 'takeOver'),
    });
    expect(await send()).toBe('found');
  });

  test('renews its lease while it asks, and hands on the signal of its loss', async () => {
    await leaveDoubt();
    let isDown = false;
    const intercept: Interception = (operation, proceed) =>
      operation === 'renew' && isDown ? Promise.reject(new StoreError('down')) : proceed();
    let found = () => {};
    const asked = new Promise<void>((resolve) => {
      found = resolve;
    });
    const send = guard(
      says(async () => {
        await asked;
        return { outcome: 'completed', answer: 'found' };
      }),
      undefined,
      { store: interceptedStore(store, intercept), renewedLeaseMs: 3_000 },
    );
    const answer = send();
    await settled();
    const signal = questions[0]?.signal;
    await timers.advance(6_000);
    expect(signal?.aborted).toBe(false);
    isDown = true;
    await timers.advance(6_000);
    expect(signal?.aborted).toBe(true);
    found();
    expect(await answer).toBe('found');
  });
});

describe.each(MIDDY_VERSIONS)('behind Middy $version', ({ middy }) => {
  type Answer = {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: string;
  };

  async function sendTwiceWith(onUncertain: Reconcile<APIGatewayProxyEventV2>): Promise<Answer> {
    const handler = middy(async (_event: APIGatewayProxyEventV2) => {
      runs += 1;
      return outcomeUnknown({ statusCode: 504 });
    }).use(
      middleware<APIGatewayProxyEventV2>({
        store,
        now: timers.now,
        onEvent: listen,
        onUncertain,
      }),
    );
    const send = () =>
      handler(
        httpApiEvent({ key: 'k1' }),
        lambdaContext() as Context as IdempotentContext,
      ) as Promise<unknown>;
    await send();
    timers.nowMs += LEASE_MS;
    return (await send()) as Answer;
  }

  test('an answer that was found is a replay: nothing was created this time', async () => {
    const answer = await sendTwiceWith(async ({ event, deriveKey }) => ({
      outcome: 'completed',
      answer: { statusCode: 201, body: JSON.stringify([event.rawPath, deriveKey('line').length]) },
    }));
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { 'Idempotent-Replayed': 'true' },
      body: '["/cart/items",36]',
    });
    expect(runs).toBe(1);
  });

  test('an operation that may run is run', async () => {
    const answer = await sendTwiceWith(async () => ({ outcome: 'run' }));
    expect(answer).toMatchObject({ statusCode: 504 });
    expect(runs).toBe(2);
    expect(seen().slice(-3)).toEqual(['acquired', 'reconciled', 'in-doubt']);
  });

  test('an operation that stays blocked is a problem document, and tells when to ask again', async () => {
    const answer = await sendTwiceWith(async () => ({ outcome: 'blocked' }));
    expect(answer).toMatchObject({ statusCode: 409, headers: { 'Retry-After': '1' } });
    expect(JSON.parse(answer.body)).toMatchObject({
      type: 'urn:lambda-idempotency:problem:outcome-unknown',
    });
  });

  test('an answer of 500 and above is none', async () => {
    const answer = await sendTwiceWith(async () => ({ outcome: 'completed', answer: { statusCode: 500 } }));
    expect(answer).toMatchObject({ statusCode: 409 });
    expect(events.at(-1)).toMatchObject({
      type: 'reconciled',
      outcome: 'blocked',
      error: { message: expect.stringContaining('says that it failed (a status of 500 and above)') },
    });
  });
});
