import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  CommitConditionError,
  CommitInvalidError,
  ConfigurationError,
  StoreError,
  SupersededError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotencyContext, IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import type { HttpOptions, KeyedOptions, ProtocolOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import type { TransactionalStore } from '../../../lib/stores/transactional-store.ts';
import { CountedRows } from '../../support/counted-rows.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';

interface Order {
  readonly orderId: string;
}
type Work = (commit: IdempotencyContext['commit'], run: number) => unknown;

const ORDER: Order = { orderId: 'o1' };

let rows: CountedRows;
let events: IdempotencyEvent[];
let runs: number;
let nowMs: number;
let waitsMs: number[];

beforeEach(() => {
  rows = new CountedRows();
  events = [];
  runs = 0;
  nowMs = 1_800_000_000_000;
  waitsMs = [];
});

const seen = () => events.map(({ type }) => type);

const common = (): ProtocolOptions => ({
  store: rows.store,
  onEvent: (event) => events.push(event),
  now: () => nowMs,
  random: () => 0.5,
  sleep: async (delayMs) => {
    waitsMs.push(delayMs);
    nowMs += delayMs;
  },
});

function guard(work: Work, options: Partial<KeyedOptions<Order>> = {}) {
  const handler = idempotent(
    async (_order: Order, context: IdempotentContext) => work(context.idempotency.commit, ++runs),
    { ...common(), key: ({ orderId }) => orderId, ...options },
  );
  return (context: object = lambdaContext()) => handler(ORDER, context as IdempotentContext);
}

function guardHttp(work: Work, options: HttpOptions = {}) {
  const handler = idempotent(
    async (_event: APIGatewayProxyEventV2, context: IdempotentContext) =>
      work(context.idempotency.commit, ++runs),
    { ...common(), ...options },
  );
  return (event = httpApiEvent({ key: 'k1' })) =>
    handler(event, lambdaContext() as IdempotentContext) as Promise<{
      statusCode: number;
      headers: Record<string, string>;
      body: string;
    }>;
}

const putsRow: Work = (commit, run) => {
  commit([rows.put('row')]);
  return { run };
};

describe('writes that the handler leaves to commit()', () => {
  test('are applied when it has returned, and not before; a duplicate replays and writes nothing', async () => {
    const send = guard((commit, run) => {
      commit([rows.put('a')]);
      commit([rows.put('b'), rows.put('c')]);
      expect(rows.puts.size).toBe(0);
      return { run };
    });
    expect(await send()).toEqual({ run: 1 });
    expect([...rows.puts]).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(await send()).toEqual({ run: 1 });
    expect([...rows.puts.values()]).toEqual([1, 1, 1]);
    expect(seen()).toEqual(['acquired', 'completed', 'replayed']);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['answers 500 and above', () => ({ statusCode: 503, body: '' })],
  ])('are not sent when the handler %s, and the key is given back', async (_, end) => {
    const send = guardHttp((commit, run) => {
      commit([rows.put('row')]);
      return run === 1 ? end() : { statusCode: 201 };
    });
    await send().catch(() => {});
    expect(rows.puts.size).toBe(0);
    expect(await send()).toMatchObject({ statusCode: 201 });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('are not sent when it does not know its outcome, and the key stays locked', async () => {
    const send = guardHttp((commit) => {
      commit([rows.put('row')]);
      return outcomeUnknown({ statusCode: 202 });
    });
    await send();
    expect(rows.puts.size).toBe(0);
    expect(await send()).toMatchObject({ statusCode: 409 });
  });

  test('are refused after it has returned', async () => {
    let commit: IdempotencyContext['commit'] = () => {};
    await guard((given) => {
      commit = given;
    })();
    expect(() => commit([rows.put('row')])).toThrow(ConfigurationError);
    expect(() => commit([rows.put('row')])).toThrow(/handler had already ended/);
  });

  test.each<[string, Partial<KeyedOptions<Order>>]>([
    ['under a lock', {}],
    ['with a single write', { strategy: 'single-write' }],
    ['without a lock', { key: () => undefined }],
  ])('are refused after it has thrown, %s', async (_, options) => {
    let commit: IdempotencyContext['commit'] = () => {};
    const work: Work = (given) => {
      commit = given;
      throw new Error('no');
    };
    await expect(guard(work, options)()).rejects.toThrow('no');
    expect(() => commit([rows.put('row')])).toThrow(/handler had already ended/);
  });

  test('of a result that does not fit are applied, and the key is consumed without the result', async () => {
    rows = new CountedRows({ maxResultBytes: 10 });
    const send = guard((commit) => {
      commit([rows.put('row')]);
      return 'a result of more than ten bytes';
    });
    await send();
    await expect(send()).rejects.toMatchObject({ code: 'RESULT_NOT_RECORDED' });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('an empty list is no write', async () => {
    const plain = new MemoryStore({ applyWrites: () => [] });
    const store = interceptedStore(plain, (operation, proceed) => {
      if (operation === 'completeWith') throw new Error('a transaction of nothing');
      return proceed();
    });
    await guard((commit) => commit([]), { store })();
    expect(seen()).toEqual(['acquired', 'completed']);
  });

  test('that are no list are refused at once', async () => {
    const write = rows.put('row') as never;
    await expect(guard((commit) => commit(write))()).rejects.toThrow(/takes an array of writes/);
  });
});

describe('a store that cannot write transactions', () => {
  test.each<[string, () => IdempotencyStore, RegExp]>([
    [
      'of the user’s own',
      () => {
        const whole = interceptedStore(rows.store, (_, proceed) => proceed());
        return { ...whole, completeWith: undefined } as IdempotencyStore;
      },
      /has to implement TransactionalStore/,
    ],
    [
      'in memory, without a word on what becomes of the writes',
      () => new MemoryStore(),
      /new MemoryStore\(\{ applyWrites/,
    ],
  ])('%s: commit() says so at once, and the key is given back', async (_, openStore, message) => {
    const store = openStore();
    const send = guard((commit) => commit([rows.put('row')]), { store });
    await expect(send()).rejects.toThrow(ConfigurationError);
    await expect(send()).rejects.toThrow(message);
    expect(seen()).toEqual(['acquired', 'released', 'acquired', 'released']);
  });
});

describe('a condition of the writes that does not hold', () => {
  const wantsNewRow: Work = (commit, run) => {
    commit([rows.put('other'), rows.put('row', { onlyIfNew: true })]);
    return { run };
  };

  beforeEach(async () => {
    await rows.store.write([rows.put('row')], 'earlier');
  });

  test('is thrown with the place of the write; nothing is written, and the key is given back', async () => {
    const failure = await guard(wantsNewRow)().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommitConditionError);
    expect(failure).toMatchObject({
      code: 'COMMIT_CONDITION_FAILED',
      statusCode: 409,
      retryable: false,
      reasons: [{ index: 1, code: 'ConditionalCheckFailed' }],
    });
    expect([...rows.puts]).toEqual([['row', 1]]);
    expect(events).toMatchObject([
      { type: 'acquired' },
      { type: 'condition-failed', writes: [1] },
      { type: 'released' },
    ]);
  });

  test('is a problem document for an HTTP caller', async () => {
    const answer = await guardHttp(wantsNewRow)();
    expect(answer).toMatchObject({
      statusCode: 409,
      headers: { 'Content-Type': 'application/problem+json' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({
      type: 'urn:lambda-idempotency:problem:commit-condition-failed',
      code: 'COMMIT_CONDITION_FAILED',
    });
  });

  test('can be made an answer of the handler’s own, which is recorded and replayed without any write', async () => {
    const send = guardHttp((commit, run) => {
      commit([rows.put('other')]);
      commit([rows.put('row', { onlyIfNew: true })], {
        onConditionFailed: async ({ reasons }) => ({
          statusCode: 409,
          body: JSON.stringify({ run, reasons }),
        }),
      });
      return { statusCode: 201 };
    });
    const body = '{"run":1,"reasons":[{"index":1,"code":"ConditionalCheckFailed"}]}';
    expect(await send()).toMatchObject({ statusCode: 409, body });
    expect(await send()).toMatchObject({ statusCode: 409, body, headers: { 'Idempotent-Replayed': 'true' } });
    expect([...rows.puts]).toEqual([['row', 1]]);
    expect(seen()).toEqual(['acquired', 'condition-failed', 'completed', 'replayed']);
  });

  test('is for the call to answer whose write comes first; another one’s word does not count', async () => {
    const send = guard((commit) => {
      commit([rows.put('row', { onlyIfNew: true })]);
      commit([rows.put('row', { onlyIfNew: true })], { onConditionFailed: () => 'not asked' });
    });
    await expect(send()).rejects.toThrow(CommitConditionError);
  });

  test('answered with a 500, gives the key back', async () => {
    const send = guardHttp((commit) => {
      commit([rows.put('row', { onlyIfNew: true })], { onConditionFailed: () => ({ statusCode: 500 }) });
      return { statusCode: 201 };
    });
    expect(await send()).toMatchObject({ statusCode: 500 });
    expect(seen()).toEqual(['acquired', 'condition-failed', 'released']);
  });

  test('answered by throwing, throws that and gives the key back', async () => {
    const outOfStock = new Error('out of stock');
    const send = guard((commit) => {
      commit([rows.put('row', { onlyIfNew: true })], {
        onConditionFailed: () => {
          throw outOfStock;
        },
      });
    });
    await expect(send()).rejects.toBe(outOfStock);
    expect(seen()).toEqual(['acquired', 'condition-failed', 'released']);
  });

  test.each<[string, readonly object[]]>([
    ['none of the writes', []],
    ['a write that there is not', [{ index: 2, code: 'ConditionalCheckFailed' }]],
  ])('said by a store to be of %s, is thrown all the same', async (_, failed) => {
    const store = withTransactions(async () => ({ kind: 'condition-failed', failed }));
    await expect(guard(wantsNewRow, { store })()).rejects.toThrow(CommitConditionError);
    expect(seen()).toEqual(['acquired', 'condition-failed', 'released']);
  });

  test('answered with something that is no function, is refused at once', async () => {
    const options = { onConditionFailed: 'retry' } as never;
    await expect(guard((commit) => commit([rows.put('x')], options))()).rejects.toThrow(
      /onConditionFailed.*must be a function/,
    );
  });
});

/** A transactional store that does `intercept` in place of its transactions. */
function withTransactions(
  intercept: (proceed: () => Promise<unknown>) => Promise<unknown>,
  store: TransactionalStore = rows.store,
): IdempotencyStore {
  return interceptedStore(store, (operation, proceed) =>
    operation === 'completeWith' || operation === 'write' ? intercept(proceed) : proceed(),
  );
}

describe('when the transaction meets others at its items', () => {
  function contendedTimes(times: number): IdempotencyStore {
    let left = times;
    return withTransactions(async (proceed) =>
      left-- > 0 ? { kind: 'contended', cause: new Error('TransactionConflict') } : proceed(),
    );
  }

  test('it is tried again, with waits that are spread and grow', async () => {
    const send = guard(putsRow, { store: contendedTimes(4) });
    expect(await send()).toEqual({ run: 1 });
    expect(waitsMs).toEqual([25, 50, 100, 200]);
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('five times at most; then the caller is told to come again, and the key is given back', async () => {
    const send = guard(putsRow, { store: contendedTimes(5) });
    const failure = await send().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^The writes were not applied: other transactions/),
      cause: new Error('TransactionConflict'),
    });
    expect(seen()).toEqual(['acquired', 'store-failed', 'released']);
    expect(events[1]).toMatchObject({ during: 'commit', error: failure });
    expect(rows.puts.size).toBe(0);
    expect(await send()).toEqual({ run: 2 });
  });

  test('it is not waited for beyond the end of the invocation', async () => {
    const store = withTransactions(async () => {
      nowMs += 9_990;
      return { kind: 'contended', cause: undefined };
    });
    await expect(guard(putsRow, { store })()).rejects.toThrow(StoreError);
    expect(waitsMs).toEqual([]);
  });

  test('nor for a wait that ends with it', async () => {
    const store = withTransactions(async () => {
      nowMs += 10_000 - 25;
      return { kind: 'contended', cause: undefined };
    });
    const withoutDeadline = {};
    await expect(guard(putsRow, { store, leaseMs: 10_000 })(withoutDeadline)).rejects.toThrow(StoreError);
    expect(waitsMs).toEqual([]);
  });
});

describe('when nobody replies to the transaction', () => {
  test('a transaction that was applied is a success', async () => {
    const store = withTransactions(async (proceed) => {
      await proceed();
      throw new StoreError('no reply');
    });
    const send = guard(putsRow, { store });
    expect(await send()).toEqual({ run: 1 });
    expect(seen()).toEqual(['acquired', 'completed']);
    expect(await send()).toEqual({ run: 1 });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('one that was sent again by the client library, too', async () => {
    const send = guard(putsRow, { store: losingFirstReplyOf(rows.store, 'completeWith') });
    expect(await send()).toEqual({ run: 1 });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('one that was not applied is no success, and never will be: its straggler finds its owner gone', async () => {
    let straggler: () => Promise<unknown> = async () => undefined;
    const store = withTransactions(async (proceed) => {
      if (runs > 1) return proceed();
      straggler = proceed;
      throw new StoreError('no reply');
    });
    const send = guardHttp(
      (commit) => {
        commit([rows.put('row')]);
        return { statusCode: 201 };
      },
      { store },
    );
    const answer = await send();
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '1' } });
    expect(seen()).toEqual(['acquired', 'store-failed', 'released']);
    expect(await straggler()).toMatchObject({ kind: 'record-refused' });
    expect(await send()).toMatchObject({ statusCode: 201 });
    expect(await straggler()).toMatchObject({ kind: 'record-refused' });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('and nobody tells whether it was applied, the key stays locked until the lease ends', async () => {
    let isDown = true;
    const store = interceptedStore(rows.store, (operation, proceed) =>
      isDown && operation !== 'acquire' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    const send = guardHttp(
      (commit) => {
        commit([rows.put('row')]);
        return { statusCode: 201 };
      },
      { store },
    );
    expect(await send()).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '11' } });
    expect(seen()).toEqual(['acquired', 'store-failed', 'in-doubt']);
    expect(events[1]).toMatchObject({
      error: new StoreError('It cannot be told whether the writes were applied.'),
    });
    expect(events[1]).toMatchObject({ error: { cause: new StoreError('down') } });
    isDown = false;
    expect(await send()).toMatchObject({ statusCode: 409 });
    nowMs += 11_000;
    expect(await send()).toMatchObject({ statusCode: 201 });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('whatever a store of the user’s own throws, it is no success', async () => {
    const store = withTransactions(() => Promise.reject(new TypeError('socket closed')));
    const failure = await guard(putsRow, { store })().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({
      message: 'The idempotency store failed.',
      cause: new TypeError('socket closed'),
    });
    expect(rows.puts.size).toBe(0);
  });

  test('writes that only the database finds invalid are an error of their own, and the key is given back', async () => {
    const store = withTransactions(() => Promise.reject(new CommitInvalidError('two writes to one item')));
    await expect(guard(putsRow, { store })()).rejects.toThrow(CommitInvalidError);
    expect(seen()).toEqual(['acquired', 'store-failed', 'released']);
  });
});

describe('an attempt that has lost its lease', () => {
  /** A handler that is overtaken by `successor` while it is at work. */
  function overtakenBy(successor: () => Promise<unknown>) {
    return guard(async (commit, run) => {
      nowMs += 11_000;
      await successor();
      return putsRow(commit, run);
    });
  }

  test('commits nothing, and answers with the record of its successor', async () => {
    const send = overtakenBy(guard(putsRow));
    expect(await send()).toEqual({ run: 2 });
    expect([...rows.puts]).toEqual([['row', 1]]);
    expect(seen()).toEqual(['acquired', 'acquired', 'completed', 'superseded']);
  });

  test('commits nothing where its successor has failed and given the key back, and is no success', async () => {
    const second = guard(() => {
      throw new Error('no');
    });
    const send = overtakenBy(() => second().catch(() => {}));
    await expect(send()).rejects.toThrow(SupersededError);
    expect(rows.puts.size).toBe(0);
  });

  test('commits nothing where its record is gone, and is no success', async () => {
    const store = withTransactions(async () => ({ kind: 'record-refused', current: undefined }));
    await expect(guard(putsRow, { store })()).rejects.toThrow(SupersededError);
    expect(rows.puts.size).toBe(0);
  });

  test('is no success where a store refuses it and shows its own lock', async () => {
    const store = withTransactions(async () => {
      const { id } = events[0] as { id: string };
      return { kind: 'record-refused', current: await rows.store.read(id) };
    });
    await expect(guard(putsRow, { store })()).rejects.toThrow(SupersededError);
    expect(seen()).toEqual(['acquired', 'superseded']);
  });

  test('is not told of a condition that its successor has brought about', async () => {
    const second = guard(putsRow);
    const late = withTransactions(async (proceed) => {
      const outcome = await proceed();
      expect(outcome).toMatchObject({ kind: 'record-refused' });
      // As of a database that looks at the conditions one by one and tells the first that does not hold.
      return { kind: 'condition-failed', failed: [{ index: 0, code: 'ConditionalCheckFailed' }] };
    });
    const send = guard(
      async (commit, run) => {
        nowMs += 11_000;
        await second();
        return putsRow(commit, run);
      },
      { store: late },
    );
    expect(await send()).toEqual({ run: 2 });
  });
});

describe('without a lock', () => {
  const send = (work: Work, store: IdempotencyStore = rows.store) =>
    guardHttp(work, { store })(httpApiEvent({ method: 'PUT' }));
  const puts: Work = (commit, run) => {
    commit([rows.put('row')]);
    return { statusCode: 200, body: String(run) };
  };

  test('the writes go out in a transaction of their own', async () => {
    expect(await send(puts)).toMatchObject({ statusCode: 200, body: '1' });
    expect(await send(puts)).toMatchObject({ statusCode: 200, body: '2' });
    expect([...rows.puts]).toEqual([['row', 2]]);
  });

  test.each<[string, HttpOptions, ReturnType<typeof httpApiEvent>]>([
    ['a request without a key', { keyRequired: false }, httpApiEvent()],
    ['a method that needs none', {}, httpApiEvent({ method: 'DELETE' })],
    [
      'a store that cannot be reached, where that is allowed',
      { onStoreUnavailable: 'run-unguarded' },
      httpApiEvent({ key: 'k1' }),
    ],
  ])('for %s', async (_, options, event) => {
    const store = interceptedStore(rows.store, (operation, proceed) =>
      operation === 'acquire' ? Promise.reject(new StoreError('down')) : proceed(),
    );
    expect(await guardHttp(puts, { store, ...options })(event)).toMatchObject({ statusCode: 200 });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('for an event of any kind that has no key', async () => {
    const handler = idempotent(
      async (_order: Order, { idempotency }: IdempotentContext) => {
        idempotency.commit([rows.put('row')]);
        return 'done';
      },
      { ...common(), key: () => undefined },
    );
    expect(await handler(ORDER, lambdaContext() as IdempotentContext)).toBe('done');
    expect(events).toEqual([{ type: 'unguarded', reason: 'no-key' }]);
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('not if the handler fails', async () => {
    await send((commit) => {
      commit([rows.put('row')]);
      return { statusCode: 500 };
    });
    expect(rows.puts.size).toBe(0);
  });

  test('a try whose reply was lost is not applied twice', async () => {
    expect(await send(puts, losingFirstReplyOf(rows.store, 'write'))).toMatchObject({ statusCode: 200 });
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('a condition that does not hold is told as under a lock', async () => {
    await send(puts);
    const wantsNewRow: Work = (commit) => commit([rows.put('row', { onlyIfNew: true })]);
    expect(await send(wantsNewRow)).toMatchObject({ statusCode: 409 });
    expect(
      await send((commit) =>
        commit([rows.put('row', { onlyIfNew: true })], { onConditionFailed: () => ({ statusCode: 410 }) }),
      ),
    ).toMatchObject({ statusCode: 410 });
    const outOfStock = new Error('out of stock');
    await expect(
      send((commit) =>
        commit([rows.put('row', { onlyIfNew: true })], {
          onConditionFailed: () => {
            throw outOfStock;
          },
        }),
      ),
    ).rejects.toBe(outOfStock);
    expect([...rows.puts]).toEqual([['row', 1]]);
  });

  test('no reply is no success', async () => {
    const silent = withTransactions(() => Promise.reject(new StoreError('no reply')));
    expect(await send(puts, silent)).toMatchObject({ statusCode: 503 });
  });

  test('contention is tried again, and then is no success', async () => {
    const contended = withTransactions(async () => ({ kind: 'contended', cause: undefined }));
    expect(await send(puts, contended)).toMatchObject({ statusCode: 503 });
    expect(waitsMs).toHaveLength(4);
  });
});
