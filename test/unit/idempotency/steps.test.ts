import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  ConfigurationError,
  InProgressError,
  OutcomeUnknownError,
  PayloadMismatchError,
  ResultTooLargeError,
  StepNotRecordedError,
  StoreError,
  SupersededError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotencyContext, IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency as middleware } from '../../../lib/idempotency/middleware.ts';
import type { ProtocolOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { CountedRows } from '../../support/counted-rows.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { type Interception, interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';
import { until } from '../../support/until.ts';

interface Order {
  readonly orderId: string;
  readonly amount?: number;
}
type Work = (idempotency: IdempotencyContext, run: number) => unknown;

const LEASE_MS = 11_000;

let store: MemoryStore;
let events: IdempotencyEvent[];
let runs: number;
let nowMs: number;
/** Names of the steps whose function was run, in order. */
let effects: string[];

beforeEach(() => {
  store = new MemoryStore();
  events = [];
  runs = 0;
  nowMs = 1_800_000_000_000;
  effects = [];
});

const seen = () => events.map(({ type }) => type);
const idOf = () => events.map((event) => ('id' in event ? event.id : '')).find(Boolean) ?? '';
const record = () => store.read(idOf());

function guard(work: Work, options: ProtocolOptions = {}, order: Order = { orderId: 'o1' }) {
  const handler = idempotent(
    async (_order: Order, context: IdempotentContext) => work(context.idempotency, ++runs),
    {
      store,
      now: () => nowMs,
      onEvent: (event) => events.push(event),
      key: ({ orderId }) => orderId,
      fingerprint: ({ amount }) => amount ?? null,
      ...options,
    },
  );
  return () => handler(order, lambdaContext() as IdempotentContext);
}

/** A step that leaves its name behind, and returns it with the number of its run. */
function effect(name: string): () => string {
  return () => {
    effects.push(name);
    return `${name} ${effects.filter((each) => each === name).length}`;
  };
}

/** Three steps; the run is left to `after` behind the one that it names. */
function threeSteps(after?: { readonly step: string; readonly end: (run: number) => unknown }): Work {
  return async ({ step }, run) => {
    const results: string[] = [];
    for (const name of ['reserve', 'charge', 'ship']) {
      results.push(await step(name, effect(name)));
      if (name === after?.step) await after.end(run);
    }
    return results;
  };
}

const ALL = ['reserve 1', 'charge 1', 'ship 1'];

function firstRunThrows(run: number): void {
  if (run === 1) throw new Error('no');
}

/** The first attempt ends here and is never heard of again. */
function firstRunDies(run: number): Promise<void> | undefined {
  return run === 1 ? new Promise(() => {}) : undefined;
}

async function untilStep(name: string): Promise<void> {
  const isRecorded = () => events.some((event) => event.type === 'step-recorded' && event.step === name);
  await until(`step ${name} is recorded`, isRecorded);
}

describe('a step', () => {
  test('is run once, recorded under the lock, and gone from the completed record', async () => {
    const send = guard(async ({ step }) => {
      await step('reserve', effect('reserve'));
      expect(await record()).toMatchObject({ status: 'INPROGRESS', steps: { reserve: '"reserve 1"' } });
      return step('charge', effect('charge'));
    });
    expect(await send()).toBe('charge 1');
    expect(await send()).toBe('charge 1');
    expect(effects).toEqual(['reserve', 'charge']);
    expect(await record()).not.toHaveProperty('steps');
    expect(seen()).toEqual(['acquired', 'step-recorded', 'step-recorded', 'completed', 'replayed']);
  });

  test('is not run again by the attempt that takes over from one that died behind it', async () => {
    const send = guard(threeSteps({ step: 'charge', end: firstRunDies }));
    void send();
    await untilStep('charge');
    nowMs += LEASE_MS;
    expect(await send()).toEqual(ALL);
    expect(effects).toEqual(['reserve', 'charge', 'ship']);
    expect(seen().slice(-5)).toEqual([
      'acquired',
      'step-skipped',
      'step-skipped',
      'step-recorded',
      'completed',
    ]);
  });

  test('is not run again where the handler threw behind it, and the next attempt does not wait for a lease', async () => {
    const send = guard(threeSteps({ step: 'reserve', end: firstRunThrows }));
    await expect(send()).rejects.toThrow('no');
    expect(seen()).toEqual(['acquired', 'step-recorded', 'suspended']);
    expect(await record()).toMatchObject({ status: 'INPROGRESS', leaseEndsAtMs: 0 });
    expect(await send()).toEqual(ALL);
    expect(effects).toEqual(['reserve', 'charge', 'ship']);
  });

  test('is kept over every failure that follows', async () => {
    const send = guard(async ({ step, attempt }, run) => {
      expect(attempt).toBe(run);
      await step('reserve', effect('reserve'));
      if (run < 4) throw new Error(`run ${run}`);
      return run;
    });
    for (const run of [1, 2, 3]) await expect(send()).rejects.toThrow(`run ${run}`);
    expect(await send()).toBe(4);
    expect(effects).toEqual(['reserve']);
  });

  test('that throws records nothing: the key is deleted, and the same attempt may try the step again', async () => {
    const send = guard(async ({ step }, run) => {
      const charge = () =>
        step('charge', () => {
          effects.push('charge');
          if (effects.length < 3) throw new Error('declined');
          return 'charged';
        });
      return run === 1 ? charge() : charge().catch(charge);
    });
    await expect(send()).rejects.toThrow('declined');
    expect(seen()).toEqual(['acquired', 'released']);
    expect(await send()).toBe('charged');
    expect(effects).toHaveLength(3);
  });

  test('suspended keys are taken over whatever onUncertain says: the handler itself has said that it failed', async () => {
    const send = guard(threeSteps({ step: 'reserve', end: firstRunThrows }), { onUncertain: 'block' });
    await expect(send()).rejects.toThrow('no');
    expect(await send()).toEqual(ALL);
  });

  test('a suspended key belongs to its payload', async () => {
    await guard(threeSteps({ step: 'reserve', end: firstRunThrows }))().catch(() => {});
    const other = guard(threeSteps(), {}, { orderId: 'o1', amount: 2 });
    await expect(other()).rejects.toThrow(PayloadMismatchError);
    expect(await guard(threeSteps())()).toEqual(ALL);
  });

  test('an outcome that is unknown behind a step keeps the lock and the step', async () => {
    const send = guard(
      threeSteps({
        step: 'charge',
        end: (run) => {
          if (run === 1) throw outcomeUnknown(new Error('?'));
        },
      }),
    );
    await expect(send()).rejects.toThrow('?');
    await expect(send()).rejects.toThrow(InProgressError);
    nowMs += LEASE_MS;
    expect(await send()).toEqual(ALL);
    expect(effects).toEqual(['reserve', 'charge', 'ship']);
  });

  test('several at once are all kept', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `line ${index}`);
    const send = guard(async ({ step }, run) => {
      await Promise.all(names.map((name) => step(name, effect(name))));
      if (run === 1) throw new Error('no');
      return 'done';
    });
    await expect(send()).rejects.toThrow('no');
    expect(await send()).toBe('done');
    expect(effects).toEqual(names);
  });

  test('derives the same keys on every attempt', async () => {
    const keys: string[] = [];
    const send = guard(async ({ step, deriveKey }, run) => {
      await step('reserve', effect('reserve'));
      keys.push(deriveKey('charge'));
      firstRunThrows(run);
    });
    await send().catch(() => {});
    await send();
    expect(keys[0]).toBe(keys[1]);
  });

  test('works with commit(): the last effect commits with the record, which loses its steps', async () => {
    const rows = new CountedRows();
    store = rows.store;
    const send = guard(async ({ step, commit }, run) => {
      const charge = await step('charge', effect('charge'));
      firstRunThrows(run);
      commit([rows.put('order')]);
      return charge;
    });
    await expect(send()).rejects.toThrow('no');
    expect(await send()).toBe('charge 1');
    expect([...rows.puts]).toEqual([['order', 1]]);
    expect(await record()).not.toHaveProperty('steps');
  });

  test('is kept where the commit behind it fails', async () => {
    const rows = new CountedRows();
    store = rows.store;
    await store.write([rows.put('order')], 'earlier');
    const send = guard(async ({ step, commit }, run) => {
      const charge = await step('charge', effect('charge'));
      if (run === 1) commit([rows.put('order', { onlyIfNew: true })]);
      return charge;
    });
    await expect(send()).rejects.toMatchObject({ code: 'COMMIT_CONDITION_FAILED' });
    expect(seen().at(-1)).toBe('suspended');
    expect(await send()).toBe('charge 1');
    expect(effects).toEqual(['charge']);
  });
});

describe('the result of a step', () => {
  class Money {
    readonly amount = 12;
  }
  test.each<[string, unknown, unknown]>([
    ['undefined', undefined, undefined],
    ['null', null, null],
    ['an empty text', '', ''],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a class instance', new Money(), { amount: 12 }],
    ['undefined members', { a: undefined, b: 1 }, { b: 1 }],
  ])('%s is the same on the first run and on every later one', async (_, result, expected) => {
    const results: unknown[] = [];
    const send = guard(async ({ step }, run) => {
      results.push(await step('it', async () => result));
      firstRunThrows(run);
    });
    await send().catch(() => {});
    await send();
    expect(results).toEqual([expected, expected]);
  });

  test('is a fresh object each time', async () => {
    const original = { list: [1] };
    let result: unknown;
    await guard(async ({ step }) => {
      result = await step('it', () => original);
    })();
    expect(result).toEqual(original);
    expect(result).not.toBe(original);
  });

  test('that has no JSON is an error, and the outcome of the step is unknown', async () => {
    const send = guard(async ({ step }) => step('count', () => ({ count: 1n })));
    const failure = await send().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StepNotRecordedError);
    expect(failure).toMatchObject({ reason: 'not-serializable', cause: expect.any(TypeError) });
    await expect(send()).rejects.toThrow(InProgressError);
    expect(seen().slice(0, 2)).toEqual(['acquired', 'in-doubt']);
  });

  test('that does not fit is an error that says how much would', async () => {
    const send = guard(async ({ step }) => step('list', () => 'x'.repeat(400 * 1024)));
    const failure = await send().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STEP_NOT_RECORDED', reason: 'too-large', retryable: false });
    expect((failure as Error).cause).toBeInstanceOf(ResultTooLargeError);
    expect(String(failure)).toMatch(/step "list" does not fit .* 400 KB with all steps together/);
    expect(seen()).toEqual(['acquired', 'in-doubt']);
  });
});

describe('the name of a step', () => {
  test.each([['twice'], ['constructor'], ['__proto__'], ['toString'], ['x'.repeat(128)]])(
    '%s is a name',
    async (name) => {
      const send = guard(async ({ step }, run) => {
        await step(name, effect(name));
        firstRunThrows(run);
        return 'done';
      });
      await send().catch(() => {});
      expect(await send()).toBe('done');
      expect(effects).toEqual([name]);
    },
  );

  test('used twice in one attempt is an error of the programmer', async () => {
    const send = guard(async ({ step }) => {
      await step('charge', effect('charge'));
      await step('charge', effect('charge'));
    });
    await expect(send()).rejects.toThrow(ConfigurationError);
    await expect(send()).rejects.toThrow(/Two steps of this handler are called "charge"/);
    expect(effects).toEqual(['charge']);
  });

  test('used twice at once, too', async () => {
    const send = guard(({ step }) =>
      Promise.all([step('charge', effect('charge')), step('charge', effect('charge'))]),
    );
    await expect(send()).rejects.toThrow(/Two steps/);
    expect(effects).toEqual(['charge']);
  });

  test.each([[''], ['x'.repeat(129)], [7], [undefined]])('%p is none', async (name) => {
    const send = guard(({ step }) => step(name as string, effect('none')));
    await expect(send()).rejects.toThrow(/needs a name of 1 to 128 characters/);
    expect(effects).toEqual([]);
  });

  test('is one of a hundred', async () => {
    const send = guard(async ({ step }) => {
      for (let turn = 0; turn <= 100; turn++) await step(`step ${turn}`, effect('step'));
    });
    await expect(send()).rejects.toThrow(/up to 100 steps/);
    expect(effects).toHaveLength(100);
  });
});

describe('when the handler ends without its steps', () => {
  test('a step that begins afterwards is refused', async () => {
    let late: IdempotencyContext['step'] | undefined;
    await guard(({ step }) => {
      late = step;
    })();
    await expect(late?.('late', effect('late'))).rejects.toThrow(/when the handler had already ended/);
    expect(effects).toEqual([]);
  });

  test('a failure beside a step that is still at work leaves the key in doubt, and the step is recorded', async () => {
    let finishCharge = () => {};
    const charged = new Promise<string>((resolve) => {
      finishCharge = () => resolve('charged');
    });
    let charge: Promise<string> | undefined;
    const send = guard(({ step }, run) => {
      if (run > 1) return step('charge', effect('charge'));
      charge = step('charge', () => charged);
      return Promise.all([
        charge,
        step('reserve', () => {
          throw new Error('out of stock');
        }),
      ]);
    });
    await expect(send()).rejects.toThrow('out of stock');
    expect(seen()).toEqual(['acquired', 'in-doubt']);
    await expect(send()).rejects.toThrow(InProgressError);
    finishCharge();
    expect(await charge).toBe('charged');
    nowMs += LEASE_MS;
    expect(await send()).toBe('charged');
    expect(effects).toEqual([]);
  });

  test('an answer of 500 beside a step that is still at work does too', async () => {
    const handler = idempotent(
      async (_event: APIGatewayProxyEventV2, { idempotency }: IdempotentContext) => {
        void idempotency.step('charge', () => new Promise(() => {}));
        return { statusCode: 500 };
      },
      { store, onEvent: (event) => events.push(event) },
    );
    await handler(httpApiEvent({ key: 'k1' }), lambdaContext() as IdempotentContext);
    expect(seen()).toEqual(['acquired', 'in-doubt']);
  });

  test('the completion drops the steps that are still at work, too: they may be recorded just before it', async () => {
    const dropped: unknown[] = [];
    const whole = interceptedStore(store, (_, proceed) => proceed());
    const watched: IdempotencyStore = {
      ...whole,
      complete: (ownership, completion) => {
        dropped.push(completion.stepNames);
        return whole.complete(ownership, completion);
      },
    };
    const work: Work = async ({ step }) => {
      await step('reserve', effect('reserve'));
      void step('forgotten', () => new Promise(() => {}));
      return 'done';
    };
    await guard(work, { store: watched })();
    expect(dropped).toEqual([expect.arrayContaining(['reserve', 'forgotten'])]);
    expect(dropped).toEqual([expect.not.arrayContaining(['undefined'])]);
  });

  test('a step that ends behind a completed key is nobody’s error', async () => {
    let finish = () => {};
    const slow = new Promise<string>((resolve) => {
      finish = () => resolve('late');
    });
    let late: Promise<string> | undefined;
    await guard(({ step }) => {
      late = step('forgotten', () => slow);
      return 'done';
    })();
    finish();
    expect(await late).toBe('late');
    expect(await record()).not.toHaveProperty('steps');
  });
});

describe('when another attempt has taken over', () => {
  /** The first attempt goes on when the second one has done its work. */
  function overtakenBetween(first: Work): Work {
    return async (idempotency, run) => {
      if (run > 1) return threeSteps()(idempotency, run);
      return first(idempotency, run);
    };
  }

  test('a step that ends too late throws, the attempt goes no further, and answers with the record', async () => {
    const send = guard(
      overtakenBetween(async ({ step, signal }) => {
        await step('reserve', effect('reserve'));
        const failure = await step('charge', async () => {
          effects.push('charge');
          nowMs += LEASE_MS;
          await send();
          return 'too late';
        }).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(SupersededError);
        expect(signal.aborted).toBe(true);
        expect(signal.reason).toBe(failure);
        // Nothing of a lost lease is run any more.
        await expect(step('ship', effect('ship'))).rejects.toBe(failure);
        throw failure;
      }),
    );
    expect(await send()).toEqual(['reserve 1', 'charge 2', 'ship 1']);
    // The second attempt could not know of the first one's charge: this is what derived keys are for.
    expect(effects).toEqual(['reserve', 'charge', 'charge', 'ship']);
    expect(seen()).toContain('lease-lost');
  });

  test.each<[string, { readonly leaseEndsAtMs: number } | undefined, number]>([
    ['when the lease of that one ends', { leaseEndsAtMs: 1_800_000_007_000 }, 7_000],
    ['at once where that one has left no record', undefined, 0],
    ['at once where the lease of that one is over, too', { leaseEndsAtMs: 1_799_999_999_000 }, 0],
  ])('a step that is refused tells when to come again: %s', async (_, current, retryAfterMs) => {
    const refusing = interceptedStore(store, async (operation, proceed) =>
      operation === 'recordStep' ? { applied: false, current } : proceed(),
    );
    let failure: unknown;
    const send = guard(
      async ({ step }) => {
        failure = await step('charge', effect('charge')).catch((error: unknown) => error);
      },
      { store: refusing },
    );
    await send();
    expect(failure).toBeInstanceOf(SupersededError);
    expect(failure).toMatchObject({ retryAfterMs });
  });

  test('a step that the zombie records before the takeover is not run again', async () => {
    void guard(() => new Promise(() => {}))();
    await Promise.resolve();
    // Between the read of the lapsed lease and the takeover, at the very moment.
    const between = interceptedStore(store, async (operation, proceed) => {
      if (operation === 'takeOver') {
        const late = { id: idOf(), owner: (await record())?.owner ?? '' };
        await store.recordStep(late, 'reserve', '"by the zombie"');
      }
      return proceed();
    });
    nowMs += LEASE_MS;
    const successor = guard(threeSteps(), { store: between });
    expect(await successor()).toEqual(['by the zombie', 'charge 1', 'ship 1']);
  });

  test('a lease that is over is not worked under, even if nobody has taken over', async () => {
    const send = guard(async ({ step }, run) => {
      if (run === 1) nowMs += LEASE_MS;
      return step('charge', effect('charge'));
    });
    await expect(send()).rejects.toThrow(StoreError);
    expect(effects).toEqual([]);
    expect(await send()).toBe('charge 1');
  });

  test("a takeover's lost reply brings the steps, too", async () => {
    await guard(threeSteps({ step: 'charge', end: firstRunThrows }))().catch(() => {});
    const lossy = losingFirstReplyOf(store, 'takeOver');
    expect(await guard(threeSteps(), { store: lossy })()).toEqual(ALL);
    expect(effects).toEqual(['reserve', 'charge', 'ship']);
  });

  test('a lock that was granted too late is given back with its steps', async () => {
    await guard(threeSteps({ step: 'charge', end: firstRunThrows }))().catch(() => {});
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'takeOver') nowMs += LEASE_MS;
      return outcome;
    });
    await expect(guard(threeSteps(), { store: slow })()).rejects.toThrow(StoreError);
    expect(await guard(threeSteps())()).toEqual(ALL);
    expect(effects).toEqual(['reserve', 'charge', 'ship']);
  });
});

describe('when the store fails', () => {
  const failing = (failed: Parameters<Interception>[0], until = Number.POSITIVE_INFINITY) => {
    let failures = 0;
    return interceptedStore(store, (operation, proceed) =>
      operation === failed && failures++ < until ? Promise.reject(new StoreError('no reply')) : proceed(),
    );
  };

  test('to record a step, the step has an unknown outcome: the key stays locked', async () => {
    const send = guard(threeSteps(), { store: failing('recordStep', 1) });
    await expect(send()).rejects.toThrow('no reply');
    expect(events).toMatchObject([
      { type: 'acquired' },
      { type: 'store-failed', during: 'step' },
      { type: 'in-doubt' },
    ]);
    await expect(send()).rejects.toThrow(InProgressError);
    nowMs += LEASE_MS;
    expect(await send()).toEqual(['reserve 2', 'charge 1', 'ship 1']);
  });

  test("to record a step, with onUncertain 'block', nothing runs again", async () => {
    const send = guard(threeSteps(), { store: failing('recordStep', 1), onUncertain: 'block' });
    await expect(send()).rejects.toThrow('no reply');
    nowMs += LEASE_MS;
    await expect(send()).rejects.toThrow(OutcomeUnknownError);
    expect(effects).toEqual(['reserve']);
  });

  test('to reply to a step that it recorded, the next attempt finds it', async () => {
    const silent = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'recordStep' && runs === 1) throw new StoreError('no reply');
      return outcome;
    });
    const send = guard(threeSteps(), { store: silent });
    await expect(send()).rejects.toThrow('no reply');
    nowMs += LEASE_MS;
    expect(await send()).toEqual(ALL);
  });

  test('to reply at first, and the step is sent again: it is recorded', async () => {
    const send = guard(threeSteps(), { store: losingFirstReplyOf(store, 'recordStep') });
    expect(await send()).toEqual(ALL);
    expect(effects).toEqual(['reserve', 'charge', 'ship']);
  });

  test('to suspend a key, the handler’s error goes out, and the lease ends by itself', async () => {
    const send = guard(threeSteps({ step: 'reserve', end: firstRunThrows }), { store: failing('renew') });
    await expect(send()).rejects.toThrow('no');
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', during: 'release' });
    await expect(send()).rejects.toThrow(InProgressError);
    nowMs += LEASE_MS;
    expect(await send()).toEqual(ALL);
  });

  test('to reply to the suspension at first: it is sent again, and is success', async () => {
    const send = guard(threeSteps({ step: 'reserve', end: firstRunThrows }), {
      store: losingFirstReplyOf(store, 'renew'),
    });
    await expect(send()).rejects.toThrow('no');
    expect(seen().at(-1)).toBe('suspended');
    expect(await send()).toEqual(ALL);
  });

  test('for an HTTP caller, its failure is a problem document and not the handler’s error', async () => {
    const broken = interceptedStore(store, (operation, proceed) =>
      operation === 'recordStep' ? Promise.reject(new TypeError('socket closed')) : proceed(),
    );
    const handler = idempotent(
      async (_event: APIGatewayProxyEventV2, { idempotency }: IdempotentContext) =>
        idempotency.step('charge', effect('charge')),
      { store: broken, onEvent: (event) => events.push(event) },
    );
    const answer: unknown = await handler(httpApiEvent({ key: 'k1' }), lambdaContext() as IdempotentContext);
    expect(answer).toMatchObject({ statusCode: 503, body: expect.stringContaining('STORE_UNAVAILABLE') });
    expect(events[1]).toEqual({
      type: 'store-failed',
      id: idOf(),
      during: 'step',
      error: new StoreError('The idempotency store failed.'),
    });
    expect(events[1]).toMatchObject({ error: { cause: new TypeError('socket closed') } });
  });
});

describe.each(MIDDY_VERSIONS)('behind Middy $version', ({ middy }) => {
  function handlerOf(work: Work) {
    const handler = middy(async (_event: APIGatewayProxyEventV2, context: IdempotentContext) =>
      work(context.idempotency, ++runs),
    ).use(middleware({ store, now: () => nowMs, onEvent: (event) => events.push(event) }));
    return () =>
      handler(httpApiEvent({ key: 'k1' }), lambdaContext() as IdempotentContext) as Promise<unknown>;
  }

  test('a hook that fails in front of the handler keeps the steps of earlier attempts', async () => {
    let isSignedIn = true;
    const work: Work = async ({ step }, run) => {
      await step('charge', effect('charge'));
      firstRunThrows(run);
      return { statusCode: 201 };
    };
    const handler = middy(async (_event: APIGatewayProxyEventV2, context: IdempotentContext) =>
      work(context.idempotency, ++runs),
    )
      .use(middleware({ store, onEvent: (event) => events.push(event) }))
      .before(() => (isSignedIn ? undefined : { statusCode: 401 }));
    const send = () =>
      handler(httpApiEvent({ key: 'k1' }), lambdaContext() as IdempotentContext) as Promise<unknown>;
    await expect(send()).rejects.toThrow('no');
    isSignedIn = false;
    expect(await send()).toEqual({ statusCode: 401 });
    expect(seen().at(-1)).toBe('suspended');
    isSignedIn = true;
    expect(await send()).toMatchObject({ statusCode: 201 });
    expect(effects).toEqual(['charge']);
  });

  test('an attempt whose step comes too late answers with the record of its successor', async () => {
    const send = handlerOf(async ({ step }, run) => {
      const result = await step('charge', async () => {
        effects.push('charge');
        if (run === 1) {
          nowMs += LEASE_MS;
          await send();
        }
        return run;
      });
      return { statusCode: 201, body: String(result) };
    });
    expect(await send()).toMatchObject({ statusCode: 200, body: '2' });
  });
});

describe('without a lock', () => {
  test('a step is run each time, and gives what it would give under one', async () => {
    const handler = idempotent(
      async (_event: APIGatewayProxyEventV2, { idempotency }: IdempotentContext) =>
        idempotency.step('charge', () => ({ at: new Date(0), run: effect('charge')() })),
      { store, onEvent: () => {} },
    );
    const send = () =>
      handler(httpApiEvent({ method: 'GET' }), lambdaContext() as IdempotentContext) as Promise<unknown>;
    expect(await send()).toEqual({ at: '1970-01-01T00:00:00.000Z', run: 'charge 1' });
    expect(await send()).toEqual({ at: '1970-01-01T00:00:00.000Z', run: 'charge 2' });
  });

  test('a step that throws may be tried again, in the same run', async () => {
    const handler = idempotent(
      async (_event: APIGatewayProxyEventV2, { idempotency }: IdempotentContext) => {
        const charge = () =>
          idempotency.step('charge', () => {
            if (effect('charge')() === 'charge 1') throw new Error('declined');
            return 'charged';
          });
        await expect(charge()).rejects.toThrow('declined');
        return charge();
      },
      { store, onEvent: () => {} },
    );
    const get = httpApiEvent({ method: 'GET' });
    expect(await handler(get, lambdaContext() as IdempotentContext)).toBe('charged');
  });

  test('a name is used once all the same', async () => {
    const handler = idempotent(
      async (_event: APIGatewayProxyEventV2, { idempotency }: IdempotentContext) => {
        await idempotency.step('charge', effect('charge'));
        await idempotency.step('charge', effect('charge'));
      },
      { store, onEvent: () => {} },
    );
    await expect(
      handler(httpApiEvent({ method: 'GET' }), lambdaContext() as IdempotentContext),
    ).rejects.toThrow(/Two steps/);
  });
});

test("with strategy 'single-write' a step is refused, and says why", async () => {
  const send = guard(({ step }) => step('charge', effect('charge')), { strategy: 'single-write' });
  await expect(send()).rejects.toThrow(ConfigurationError);
  await expect(send()).rejects.toThrow(/needs the lock of strategy 'lock'/);
  expect(effects).toEqual([]);
});
