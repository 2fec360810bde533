import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  CommitConditionError,
  CommitInvalidError,
  ResultNotRecordedError,
  StoreError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotencyContext, IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import type { HttpOptions, Strategy } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import type { TransactionOutcome } from '../../../lib/stores/transactional-store.ts';
import { CountedRows } from '../../support/counted-rows.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { type Interception, interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';

type Work = (idempotency: IdempotencyContext, run: number) => unknown;
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

let rows: CountedRows;
let events: IdempotencyEvent[];
let runs: number;
let nowMs: number;
let requests: string[];

beforeEach(() => {
  rows = new CountedRows();
  events = [];
  runs = 0;
  nowMs = 1_800_000_000_000;
  requests = [];
});

const seen = () => events.map(({ type }) => type);

function guard(work: Work, options: HttpOptions = {}) {
  const store = interceptedStore(options.store ?? rows.store, (operation, proceed) => {
    requests.push(operation);
    return proceed();
  });
  const handler = idempotent(
    async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => work(context.idempotency, ++runs),
    {
      strategy: 'single-write',
      onEvent: (event) => events.push(event),
      now: () => nowMs,
      sleep: async () => {},
      ...options,
      store,
    },
  );
  return (event = httpApiEvent({ key: 'k1' }), context: object = lambdaContext()) =>
    handler(event, context as IdempotentContext) as Promise<Answer>;
}

const putsRow: Work = ({ commit }, run) => {
  commit([rows.put('row')]);
  return { statusCode: 201, body: String(run) };
};
const answers: Work = (_, run) => ({ statusCode: 201, body: String(run) });
const throws: Work = () => {
  throw new Error('the handler failed');
};
const other = () => httpApiEvent({ key: 'k1', body: { sku: 'pear' } });

/** A key that `strategy: 'lock'` holds, or has left in doubt: the strategy was changed while it was at work. */
async function leaveLock(): Promise<void> {
  await guard(() => outcomeUnknown({ statusCode: 504 }), { strategy: 'lock' })();
  requests = [];
  events = [];
  runs = 0;
}

describe("strategy 'single-write'", () => {
  test('costs one request for a first run and one for a duplicate, whose writes are refused', async () => {
    const send = guard(putsRow);
    expect(await send()).toEqual({ statusCode: 201, body: '1' });
    expect(requests).toEqual(['putCompleted']);
    expect(await send()).toMatchObject({
      statusCode: 200,
      body: '1',
      headers: { 'Idempotent-Replayed': 'true' },
    });
    expect(requests).toEqual(['putCompleted', 'putCompleted']);
    expect([...rows.puts]).toEqual([['row', 1]]);
    expect(runs).toBe(2);
    expect(events).toEqual([
      { type: 'completed', id: expect.any(String), attempt: 1 },
      { type: 'replayed', id: expect.any(String), from: 'store' },
    ]);
  });

  test('of ten at once one takes effect, and all have its result', async () => {
    const send = guard(putsRow);
    const bodies = await Promise.all(Array.from({ length: 10 }, async () => (await send()).body));
    expect(new Set(bodies).size).toBe(1);
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('a run without writes is recorded, too', async () => {
    const send = guard(answers);
    await send();
    expect(await send()).toMatchObject({ statusCode: 200, body: '1' });
    expect(requests).toEqual(['putCompleted', 'putCompleted']);
  });

  test('tells the handler that it is guarded, and derives the same keys as a lock would', async () => {
    const contexts: IdempotencyContext[] = [];
    const work: Work = (idempotency) => {
      contexts.push(idempotency);
      return { statusCode: 500 };
    };
    await guard(work)();
    await guard(work, { strategy: 'lock' })();
    const [single, lock] = contexts;
    expect(single).toMatchObject({ guarded: true, attempt: 1, leaseEndsAtMs: undefined });
    expect(single?.deriveKey('row')).toBe(lock?.deriveKey('row'));
  });

  test('leaves a record that is made like that of a lock', async () => {
    const membersOf = async (key: string, strategy: Strategy) => {
      await guard(putsRow, { strategy })(httpApiEvent({ key }));
      const last = events.at(-1);
      if (last === undefined || !('id' in last)) throw new Error('No event has named the record.');
      return Object.keys((await rows.store.read(last.id)) ?? {}).toSorted();
    };
    expect(await membersOf('k1', 'single-write')).toEqual(await membersOf('k2', 'lock'));
  });

  test('a key with another payload is a mismatch, and writes nothing', async () => {
    const send = guard(putsRow);
    await send();
    expect(await send(other())).toMatchObject({ statusCode: 422 });
    expect(events.at(-1)).toEqual({ type: 'mismatch', id: expect.any(String), from: 'store' });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('after the retention the key is new', async () => {
    const send = guard(putsRow, { retentionSeconds: 60 });
    await send();
    nowMs += 61_000;
    expect(await send()).toMatchObject({ statusCode: 201, body: '2' });
  });

  test('a record that vanishes between the refusal and the read is followed', async () => {
    let vanished = 2;
    const store = interceptedStore(rows.store, async (operation, proceed) =>
      operation === 'putCompleted' && vanished-- > 0
        ? { kind: 'record-refused', current: undefined }
        : proceed(),
    );
    expect(await guard(putsRow, { store })()).toMatchObject({ statusCode: 201 });
    vanished = 10;
    requests = [];
    expect(await guard(putsRow, { store })(httpApiEvent({ key: 'k2' }))).toMatchObject({ statusCode: 503 });
    expect(requests).toEqual(['putCompleted', 'putCompleted', 'putCompleted', 'read']);
  });

  test('a result that does not fit is left out, and the writes are applied', async () => {
    rows = new CountedRows({ maxResultBytes: 10 });
    const send = guard(putsRow);
    await send();
    expect(await send()).toMatchObject({
      statusCode: 200,
      body: expect.stringContaining('RESULT_NOT_RECORDED'),
    });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });
});

describe('a failure', () => {
  test.each<[string, Work, unknown]>([
    ['thrown', throws, new Error('the handler failed')],
    ['answered', () => ({ statusCode: 503 }), { statusCode: 503 }],
    ['of unknown outcome', () => outcomeUnknown({ statusCode: 504 }), { statusCode: 504 }],
  ])('%s is the answer of a first request, and leaves nothing behind', async (_, work, expected) => {
    const send = guard(work);
    expect(await send().catch((error: unknown) => error)).toEqual(expected);
    expect(requests).toEqual(['read']);
    expect(events).toEqual([]);
    expect(await guard(putsRow)()).toMatchObject({ statusCode: 201 });
  });

  test.each<[string, Work]>([
    ['thrown', throws],
    ['answered', () => ({ statusCode: 503 })],
    ['of unknown outcome', () => outcomeUnknown({ statusCode: 504 })],
  ])('%s by a duplicate does not hide the first result', async (_, work) => {
    await guard(putsRow)();
    requests = [];
    expect(await guard(work)()).toMatchObject({ statusCode: 200, body: '1' });
    expect(requests).toEqual(['read']);
  });

  test('of a duplicate with another payload is a mismatch', async () => {
    await guard(putsRow)();
    expect(await guard(throws)(other())).toMatchObject({ statusCode: 422 });
  });

  test('is the answer where the record cannot be read, and the store’s failure is told', async () => {
    await guard(putsRow)();
    const store = interceptedStore(rows.store, (operation, proceed) =>
      operation === 'read' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    events = [];
    await expect(guard(throws, { store })()).rejects.toThrow('the handler failed');
    expect(events).toMatchObject([{ type: 'store-failed', during: 'read' }]);
  });
});

describe('a condition of the writes that does not hold', () => {
  const wantsNewRow: Work = ({ commit }, run) => {
    commit([rows.put('row', { onlyIfNew: true })]);
    return { statusCode: 201, body: String(run) };
  };

  test('on account of the first request’s own row is no matter: the duplicate has the first result', async () => {
    const send = guard(wantsNewRow);
    await send();
    expect(await send()).toMatchObject({ statusCode: 200, body: '1' });
  });

  test('nor on a database that looks at one condition after the other and tells the first that fails', async () => {
    await guard(wantsNewRow)();
    const store = interceptedStore(rows.store, async (operation, proceed) =>
      operation === 'putCompleted'
        ? { kind: 'condition-failed', failed: [{ index: 0, code: 'ConditionalCheckFailed' }] }
        : proceed(),
    );
    expect(await guard(wantsNewRow, { store })()).toMatchObject({ statusCode: 200, body: '1' });
  });

  test('is a problem of its own otherwise, and leaves no record', async () => {
    await rows.store.write([rows.put('row')], 'earlier');
    const answer = await guard(wantsNewRow)();
    expect(answer).toMatchObject({ statusCode: 409 });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'COMMIT_CONDITION_FAILED' });
    expect(requests).toEqual(['putCompleted', 'read']);
    expect(events).toEqual([{ type: 'condition-failed', id: expect.any(String), attempt: 1, writes: [0] }]);
    expect(await guard(answers)()).toMatchObject({ statusCode: 201 });
  });

  test('can be made an answer, which is recorded without the writes', async () => {
    await rows.store.write([rows.put('row')], 'earlier');
    const send = guard(({ commit }, run) => {
      commit([rows.put('row', { onlyIfNew: true })], {
        onConditionFailed: (error) => {
          expect(error).toBeInstanceOf(CommitConditionError);
          return { statusCode: 410, body: String(run) };
        },
      });
      return { statusCode: 201 };
    });
    expect(await send()).toEqual({ statusCode: 410, body: '1' });
    expect(await send()).toMatchObject({ statusCode: 410, body: '1' });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });
});

describe('when the transaction goes wrong', () => {
  const intercepted = (
    intercept: (proceed: () => Promise<unknown>) => Promise<unknown>,
  ): IdempotencyStore => {
    const interception: Interception = (operation, proceed) =>
      operation === 'putCompleted' ? intercept(proceed) : proceed();
    return interceptedStore(rows.store, interception);
  };

  test('a lost reply is a success', async () => {
    const applied = intercepted(async (proceed) => {
      await proceed();
      throw new StoreError('no reply');
    });
    expect(await guard(putsRow, { store: applied })()).toMatchObject({ statusCode: 201, body: '1' });
    const sentAgain = losingFirstReplyOf(rows.store, 'putCompleted');
    const send = guard(putsRow, { store: sentAgain });
    expect(await send(httpApiEvent({ key: 'k2' }))).toMatchObject({ statusCode: 201, body: '2' });
    expect([...rows.puts]).toEqual([['row', 2]]);
  });

  test('no reply is no success, and a straggler consumes the key for the retry to find', async () => {
    let straggler: () => Promise<unknown> = async () => undefined;
    const store = intercepted(async (proceed) => {
      straggler = proceed;
      throw new StoreError('no reply');
    });
    expect(await guard(putsRow, { store })()).toMatchObject({ statusCode: 503 });
    expect(seen()).toEqual(['store-failed']);
    expect(await straggler()).toEqual({ kind: 'applied' });
    expect(await guard(putsRow)()).toMatchObject({ statusCode: 200, body: '1' });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('no reply, and somebody else was first: the first result', async () => {
    await guard(putsRow)();
    const silent = intercepted(() => Promise.reject(new StoreError('no reply')));
    expect(await guard(putsRow, { store: silent })()).toMatchObject({ statusCode: 200, body: '1' });
  });

  test('contention is tried again, and then is no success', async () => {
    let left = 4;
    const contended = intercepted(async (proceed) =>
      left-- > 0 ? { kind: 'contended', cause: undefined } : proceed(),
    );
    expect(await guard(putsRow, { store: contended })()).toMatchObject({ statusCode: 201 });
    left = 5;
    const send = guard(putsRow, { store: contended });
    expect(await send(httpApiEvent({ key: 'k2' }))).toMatchObject({ statusCode: 503 });
  });

  test('contention with the first request ends in its result', async () => {
    const contended = intercepted(async () => ({ kind: 'contended', cause: undefined }));
    await guard(putsRow)();
    expect(await guard(putsRow, { store: contended })()).toMatchObject({ statusCode: 200, body: '1' });
  });

  test('and nothing can be read either, what is told is the failure that came first', async () => {
    const silent = interceptedStore(rows.store, (operation, proceed) => {
      if (operation === 'putCompleted') return Promise.reject(new StoreError('no reply to the put'));
      return operation === 'read' ? Promise.reject(new StoreError('no reply to the read')) : proceed();
    });
    expect(await guard(putsRow, { store: silent })()).toMatchObject({ statusCode: 503 });
    expect(events).toEqual([
      {
        type: 'store-failed',
        id: expect.any(String),
        during: 'commit',
        error: new StoreError('no reply to the put'),
      },
    ]);
  });

  test('writes that only the database finds invalid leave no record', async () => {
    const invalid = intercepted(() => Promise.reject(new CommitInvalidError('two writes to one item')));
    expect(await guard(putsRow, { store: invalid })()).toMatchObject({ statusCode: 500 });
    expect(await guard(putsRow)()).toMatchObject({ statusCode: 201 });
  });
});

describe('a first result that cannot be given', () => {
  /** A store whose refusals show the record that stands in the way as `seen` makes of it. */
  const showing = (seen: (record: IdempotencyRecord) => IdempotencyRecord) =>
    interceptedStore(rows.store, async (operation, proceed) => {
      const outcome = (await proceed()) as TransactionOutcome;
      if (operation !== 'putCompleted' || outcome.kind !== 'record-refused' || !outcome.current)
        return outcome;
      return { ...outcome, current: seen(outcome.current) };
    });
  const keyed = (store: IdempotencyStore, result: unknown) => {
    const handler = idempotent(async (_event: unknown) => result, {
      strategy: 'single-write',
      key: () => 'k1',
      store,
      onEvent: (event) => events.push(event),
    });
    return () => handler({}, lambdaContext());
  };

  test('because it has no JSON is told to the duplicate', async () => {
    const send = keyed(rows.store, { count: 1n });
    await send();
    await expect(send()).rejects.toThrow(ResultNotRecordedError);
    expect(seen()).toEqual(['completed', 'replayed']);
  });

  test('because the store has lost it is `undefined`', async () => {
    const withoutResult = showing(({ result: _, ...rest }) => rest);
    const send = keyed(withoutResult, 'lost by the store');
    await send();
    expect(await send()).toBeUndefined();
    await guard(putsRow)();
    // What an HTTP API makes of a handler that returns nothing.
    const replayed = await guard(putsRow, { store: withoutResult })();
    expect(replayed).toMatchObject({ statusCode: 200, body: 'null' });
  });

  test('because it is not JSON shows why', async () => {
    const send = keyed(
      showing((record) => ({ ...record, result: { kind: 'json', json: '"cut' } })),
      'ours',
    );
    await send();
    await expect(send()).rejects.toThrow(SyntaxError);
  });
});

describe('a duplicate that fails, of a first result that cannot be given', () => {
  const failing = (store: IdempotencyStore) => {
    const handler = idempotent(() => Promise.reject(new Error('the handler failed')), {
      strategy: 'single-write',
      key: () => 'k1',
      store,
      onEvent: (event) => events.push(event),
    });
    return handler({}, lambdaContext());
  };
  const completeWith = async (result: unknown) => {
    const options = {
      strategy: 'single-write',
      key: () => 'k1',
      store: rows.store,
      onEvent: () => {},
    } as const;
    await idempotent(async (_event: unknown) => result, options)({}, lambdaContext());
  };

  test('is told that it has none, and not of its own failure', async () => {
    await completeWith({ count: 1n });
    await expect(failing(rows.store)).rejects.toThrow(ResultNotRecordedError);
  });

  test('is told of its own failure where the record cannot be read, and the listener of that', async () => {
    await completeWith('ours');
    const damaged = interceptedStore(rows.store, async (operation, proceed) => {
      const outcome = await proceed();
      return operation === 'read'
        ? { ...(outcome as object), result: { kind: 'json', json: '"cut' } }
        : outcome;
    });
    await expect(failing(damaged)).rejects.toThrow('the handler failed');
    expect(events.at(-1)).toMatchObject({ type: 'store-failed', during: 'read' });
  });
});

describe("a key that strategy 'lock' has touched", () => {
  test('is refused while its lease lives, and nothing is written', async () => {
    await leaveLock();
    const refused = await guard(putsRow)();
    expect(refused).toMatchObject({ statusCode: 409, headers: { 'Retry-After': '11' } });
    expect(events).toEqual([
      { type: 'in-progress', id: expect.any(String), retryAfterMs: expect.any(Number) },
    ]);
    expect(await guard(throws)()).toMatchObject({ statusCode: 409 });
    expect(rows.puts.size).toBe(0);
  });

  test('is taken over when the lease is over, and the writes are committed under the lock', async () => {
    await leaveLock();
    nowMs += 11_000;
    const context = { getRemainingTimeInMillis: () => 5000 };
    expect(await guard(putsRow)(undefined, context)).toMatchObject({ statusCode: 201, body: '1' });
    expect(requests).toEqual(['putCompleted', 'acquire', 'takeOver', 'completeWith']);
    expect(events).toMatchObject([
      { type: 'acquired', attempt: 2, leaseEndsAtMs: nowMs + 5000 + 1000 },
      { type: 'completed', attempt: 2 },
    ]);
    expect([...rows.puts]).toEqual([['row', 1]]);
    expect(await guard(putsRow)()).toMatchObject({ statusCode: 200, body: '1' });
  });

  test('and whose lease is over does not keep a failure from being told', async () => {
    await leaveLock();
    nowMs += 11_000;
    await expect(guard(throws)()).rejects.toThrow('the handler failed');
  });

  test('and which somebody else takes over first, is theirs', async () => {
    await leaveLock();
    nowMs += 11_000;
    const store = interceptedStore(rows.store, async (operation, proceed) => {
      if (operation === 'acquire') await guard(answers)();
      return proceed();
    });
    expect(await guard(putsRow, { store })()).toMatchObject({ statusCode: 200, body: '2' });
    expect(rows.puts.size).toBe(0);
  });

  test('and which somebody else holds and gives back meanwhile, is in progress as far as is known', async () => {
    await leaveLock();
    nowMs += 11_000;
    let lapsed: object | undefined;
    const store = interceptedStore(rows.store, async (operation, proceed) => {
      if (operation === 'read') return undefined;
      if (operation === 'takeOver') {
        return { applied: false, current: { ...lapsed, owner: 'another', leaseEndsAtMs: nowMs + 1000 } };
      }
      const outcome = (await proceed()) as { current?: object };
      lapsed = outcome.current;
      return outcome;
    });
    expect(await guard(putsRow, { store })()).toMatchObject({
      statusCode: 409,
      body: expect.stringContaining('IN_PROGRESS'),
    });
    expect(rows.puts.size).toBe(0);
  });

  test('and whose lease is over when a condition did not hold, is consumed by the answer to that alone', async () => {
    await rows.store.write([rows.put('row')], 'earlier');
    let puts = 0;
    const store = interceptedStore(rows.store, async (operation, proceed) => {
      if (operation === 'putCompleted' && ++puts === 2) {
        await leaveLock();
        nowMs += 11_000;
      }
      return proceed();
    });
    const send = guard(
      ({ commit }) => {
        commit([rows.put('row', { onlyIfNew: true })], { onConditionFailed: () => ({ statusCode: 410 }) });
        return { statusCode: 201 };
      },
      { store },
    );
    expect(await send(undefined, lambdaContext(60_000))).toEqual({ statusCode: 410 });
    expect(requests).toEqual(['acquire', 'takeOver', 'complete']);
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('and completed is replayed', async () => {
    await guard(answers, { strategy: 'lock' })();
    expect(await guard(putsRow)()).toMatchObject({ statusCode: 200, body: '1' });
    expect(rows.puts.size).toBe(0);
  });

  test('is refused to the duplicate where the store fails under the takeover, and nothing is written', async () => {
    await leaveLock();
    nowMs += 11_000;
    const store = interceptedStore(rows.store, (operation, proceed) =>
      operation === 'takeOver' ? Promise.reject(new TypeError('socket closed')) : proceed(),
    );
    expect(await guard(putsRow, { store })()).toMatchObject({
      statusCode: 503,
      body: expect.stringContaining('STORE_UNAVAILABLE'),
    });
    expect(rows.puts.size).toBe(0);
  });

  test('a record of a single write is replayed by a lock, too', async () => {
    await guard(putsRow)();
    expect(await guard(putsRow, { strategy: 'lock' })()).toMatchObject({ statusCode: 200, body: '1' });
    expect(runs).toBe(1);
  });
});
