import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import fc from 'fast-check';
import {
  InProgressError,
  PayloadMismatchError,
  ResultNotRecordedError,
  StoreError,
} from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import type { HttpOptions, KeyedOptions } from '../../../lib/idempotency/options.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { WarmCache } from '../../../lib/idempotency/warm-cache.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { MemoryTable } from '../../simulation/memory-table.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { type Interception, interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';
import { warmCacheLoaded } from '../../support/warm-cache-loaded.ts';

interface Order {
  readonly id: string;
  readonly amount?: number;
}

const RETENTION_SECONDS = 3600;
const CLOCK_SKEW_MS = 1000;
const LEASE_MS = 10_000;

let nowMs: number;
let table: MemoryStore;
let asked: string[];
let events: IdempotencyEvent[];
let runs: number;

beforeAll(warmCacheLoaded);

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  table = new MemoryStore();
  asked = [];
  events = [];
  runs = 0;
});

/** The table, with each request that reaches it noted. */
function counted(
  store: IdempotencyStore = table,
  intercept: Interception = (_, go) => go(),
): IdempotencyStore {
  return interceptedStore(store, (operation, proceed) => {
    asked.push(operation);
    return intercept(operation, proceed);
  });
}

function options(changes: Partial<KeyedOptions<Order>> = {}): KeyedOptions<Order> {
  return {
    store: counted(),
    key: ({ id }) => id,
    fingerprint: ({ amount }) => amount,
    cache: true,
    retentionSeconds: RETENTION_SECONDS,
    clockSkewMs: CLOCK_SKEW_MS,
    leaseMs: LEASE_MS,
    now: () => nowMs,
    onEvent: (event) => events.push(event),
    ...changes,
  };
}

type Charge = (order: Order) => Promise<unknown>;

/** One sandbox: a guard with a cache of its own. */
function sandbox(
  changes: Partial<KeyedOptions<Order>> = {},
  work: () => unknown = () => ({ run: runs }),
): Charge {
  const charge = async (_order: Order): Promise<unknown> => {
    runs += 1;
    return work();
  };
  const guarded = idempotent<Order, unknown, undefined>(charge, options(changes));
  return (order) => guarded(order, undefined);
}

/** The requests to the store that `action` costs. */
async function requestsOf(action: () => Promise<unknown>): Promise<string[]> {
  asked = [];
  await action();
  return asked;
}

describe('a duplicate in the sandbox that completed the first', () => {
  test('costs no request', async () => {
    const charge = sandbox();
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual(['acquire', 'complete']);
    expect(await requestsOf(async () => expect(await charge({ id: 'o1' })).toEqual({ run: 1 }))).toEqual([]);
    expect(runs).toBe(1);
    expect(events.at(-1)).toEqual({ type: 'replayed', id: expect.any(String), from: 'cache' });
  });

  test('costs one without a cache, which is the default', async () => {
    const { cache: _, ...withoutCache } = options();
    const charge = idempotent(async (_order: Order) => ++runs, withoutCache);
    await charge({ id: 'o1' }, lambdaContext());
    expect(await requestsOf(() => charge({ id: 'o1' }, lambdaContext()))).toEqual(['acquire']);
    expect(events.at(-1)).toMatchObject({ type: 'replayed', from: 'store' });
  });

  test('is refused with another payload, at no cost either', async () => {
    const charge = sandbox();
    await charge({ id: 'o1', amount: 1 });
    const sent = requestsOf(() =>
      expect(charge({ id: 'o1', amount: 2 })).rejects.toThrow(PayloadMismatchError),
    );
    expect(await sent).toEqual([]);
    expect(events.at(-1)).toEqual({ type: 'mismatch', id: expect.any(String), from: 'cache' });
    expect(await charge({ id: 'o1', amount: 1 })).toEqual({ run: 1 });
  });

  test('neither costs a request nor runs with a single write, which would run it otherwise', async () => {
    const charge = sandbox({ strategy: 'single-write', leaseMs: undefined } as object);
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual(['putCompleted']);
    expect(await requestsOf(async () => expect(await charge({ id: 'o1' })).toEqual({ run: 1 }))).toEqual([]);
    expect(runs).toBe(1);
  });

  test('is answered even when the store is down, since its answer is known', async () => {
    let down = false;
    const store = counted(table, (_, go) => (down ? Promise.reject(new StoreError('no reply')) : go()));
    const charge = sandbox({ store });
    await charge({ id: 'o1' });
    down = true;
    expect(await charge({ id: 'o1' })).toEqual({ run: 1 });
    await expect(charge({ id: 'o2' })).rejects.toThrow(StoreError);
  });

  test('gets an answer of its own, which it may change', async () => {
    const charge = sandbox({}, () => ({ list: [1] }));
    await charge({ id: 'o1' });
    const replay = (await charge({ id: 'o1' })) as { list: number[] };
    replay.list.push(2);
    expect(await charge({ id: 'o1' })).toEqual({ list: [1] });
  });

  test('gets exactly what the store would have given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(fc.jsonValue(), { nil: undefined }), async (result) => {
        table = new MemoryStore();
        const warm = sandbox({}, () => result);
        await warm({ id: 'o1' });
        const fromStore = await sandbox({ store: counted() })({ id: 'o1' });
        const sent = await requestsOf(async () => expect(await warm({ id: 'o1' })).toEqual(fromStore));
        expect(sent).toEqual([]);
      }),
    );
  });

  test('is told of a result that could not be kept as the store would tell it', async () => {
    const charge = sandbox({}, () => ({ size: 1n }));
    await charge({ id: 'o1' });
    const sent = requestsOf(() => expect(charge({ id: 'o1' })).rejects.toThrow(ResultNotRecordedError));
    expect(await sent).toEqual([]);
  });

  test('is not given a result that was too large for the record, although the process had it', async () => {
    const store = counted(new MemoryStore({ maxResultBytes: 100 }));
    const charge = sandbox({ store }, () => 'x'.repeat(200));
    expect(await charge({ id: 'o1' })).toHaveLength(200);
    await expect(charge({ id: 'o1' })).rejects.toThrow(ResultNotRecordedError);
  });
});

describe('what is kept', () => {
  test('is what other sandboxes have completed, once it was replayed from the store', async () => {
    await sandbox()({ id: 'o1' });
    const charge = sandbox();
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual(['acquire']);
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
  });

  test('is also what a mismatch has shown', async () => {
    await sandbox()({ id: 'o1', amount: 1 });
    const charge = sandbox();
    const refused = () => expect(charge({ id: 'o1', amount: 2 })).rejects.toThrow(PayloadMismatchError);
    expect(await requestsOf(refused)).toEqual(['acquire']);
    expect(await requestsOf(refused)).toEqual([]);
    expect(await charge({ id: 'o1', amount: 1 })).toEqual({ run: 1 });
  });

  test('is also what a waiter has seen', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = sandbox({}, () => finished.then(() => 'done'))({ id: 'o1' });
    const charge = sandbox({ onInProgress: { waitMs: 1000 }, sleep: async () => finish() });
    expect(await charge({ id: 'o1' })).toBe('done');
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
    expect(await first).toBe('done');
  });

  test('is never a running attempt: each duplicate of it asks the store', async () => {
    let finish = () => {};
    const charge = sandbox(
      {},
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const first = charge({ id: 'o1' });
    for (const _ of [1, 2]) {
      const refused = () => expect(charge({ id: 'o1' })).rejects.toThrow(InProgressError);
      expect(await requestsOf(refused)).toEqual(['acquire']);
    }
    finish();
    await first;
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
  });

  test('is never the payload of a running attempt: given back, its key may be used with another one', async () => {
    let fail: (error: Error) => void = () => {};
    const failed = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const failing = sandbox({}, () => failed)({ id: 'o1', amount: 1 });
    const charge = sandbox({}, () => 'done');
    await expect(charge({ id: 'o1', amount: 1 })).rejects.toThrow(InProgressError);
    fail(new Error('out of stock'));
    await expect(failing).rejects.toThrow('out of stock');
    expect(await charge({ id: 'o1', amount: 2 })).toBe('done');
  });

  test('is never a failure: the key was given back, and the next one runs', async () => {
    const charge = sandbox({}, () => {
      if (runs === 1) throw new Error('out of stock');
      return 'done';
    });
    await expect(charge({ id: 'o1' })).rejects.toThrow('out of stock');
    expect(await charge({ id: 'o1' })).toBe('done');
  });

  test('is never an outcome in doubt, before or after the lease', async () => {
    const charge = sandbox({}, () => (runs === 1 ? outcomeUnknown({ statusCode: 504 }) : 'done'));
    await charge({ id: 'o1' });
    await expect(charge({ id: 'o1' })).rejects.toThrow(InProgressError);
    nowMs += LEASE_MS + CLOCK_SKEW_MS;
    expect(await charge({ id: 'o1' })).toBe('done');
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
  });

  test('is not a completion of which nobody knows whether it was written', async () => {
    const store = counted(table, (operation, go) =>
      operation === 'complete' ? Promise.reject(new StoreError('no reply')) : go(),
    );
    const charge = sandbox({ store });
    await charge({ id: 'o1' });
    const refused = () => expect(charge({ id: 'o1' })).rejects.toThrow(InProgressError);
    expect(await requestsOf(refused)).toEqual(['acquire']);
  });

  test('is a completion whose reply was lost and which was found to be written', async () => {
    const charge = sandbox({ store: counted(losingFirstReplyOf(table, 'complete')) });
    await charge({ id: 'o1' });
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
  });

  test("is the successor's result, and not its own, where an attempt has lost its lease", async () => {
    const late = sandbox({}, async () => {
      nowMs += LEASE_MS + CLOCK_SKEW_MS;
      expect(await sandbox({}, () => 'by the successor')({ id: 'o1' })).toBe('by the successor');
      return 'by the late one';
    });
    expect(await late({ id: 'o1' })).toBe('by the successor');
    const sent = requestsOf(async () => expect(await late({ id: 'o1' })).toBe('by the successor'));
    expect(await sent).toEqual([]);
  });

  test('stays what it is when the store hands out records that somebody changes', async () => {
    const seen: { result?: { json: string } }[] = [];
    const careless: IdempotencyStore = {
      ...counted(),
      acquire: async (record, nowSeconds) => {
        const outcome = await table.acquire(record, nowSeconds);
        if (outcome.applied || outcome.current === undefined) return outcome;
        const current = structuredClone(outcome.current);
        seen.push(current as never);
        return { applied: false, current };
      },
    };
    await sandbox({}, () => 'first')({ id: 'o1' });
    const charge = sandbox({ store: careless });
    await charge({ id: 'o1' });
    for (const { result } of seen) if (result !== undefined) result.json = '"changed"';
    expect(seen).toHaveLength(1);
    expect(await charge({ id: 'o1' })).toBe('first');
    expect(seen).toHaveLength(1);
  });
});

describe('a record in the cache', () => {
  test('counts until it expires, less the difference of clocks', async () => {
    const charge = sandbox();
    await charge({ id: 'o1' });
    nowMs += RETENTION_SECONDS * 1000 - CLOCK_SKEW_MS + 999;
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
    nowMs += 1;
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual(['acquire']);
    expect(runs).toBe(1);
    nowMs += CLOCK_SKEW_MS;
    expect(await charge({ id: 'o1' })).toEqual({ run: 2 });
  });

  test('does not stand in the way of another payload once it has expired', async () => {
    const charge = sandbox();
    await charge({ id: 'o1', amount: 1 });
    nowMs += RETENTION_SECONDS * 1000 + 1000;
    expect(await charge({ id: 'o1', amount: 2 })).toEqual({ run: 2 });
    expect(await charge({ id: 'o1', amount: 2 })).toEqual({ run: 2 });
  });

  test('is gone before any other sandbox can run anew, as long as clocks differ by no more than they may', async () => {
    const behind = sandbox();
    const ahead = sandbox({ now: () => nowMs + CLOCK_SKEW_MS });
    await behind({ id: 'o1' });
    for (nowMs += RETENTION_SECONDS * 1000 - 100; runs === 1; nowMs += 1) await ahead({ id: 'o1' });
    expect(await behind({ id: 'o1' })).toEqual({ run: 2 });
  });

  test('takes no room any more once it has been found to have expired', async () => {
    const charge = sandbox({ cache: { maxEntries: 2 } }, () => {
      if (runs > 2) throw new Error('out of stock');
      return runs;
    });
    await charge({ id: 'old' });
    nowMs += RETENTION_SECONDS * 500;
    await charge({ id: 'newer' });
    nowMs += RETENTION_SECONDS * 500 + 1000;
    await expect(charge({ id: 'old' })).rejects.toThrow('out of stock');
    await sandbox({}, () => 'elsewhere')({ id: 'third' });
    expect(await charge({ id: 'third' })).toBe('elsewhere');
    expect(await requestsOf(() => charge({ id: 'newer' }))).toEqual([]);
  });

  test('is replayed on although an operator has deleted it from the table, as documented', async () => {
    const emptied = new MemoryTable(0, 0);
    const charge = sandbox({ store: counted(emptied.store) });
    await charge({ id: 'o1' });
    for (const { id } of emptied.records) emptied.delete(id);
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
    expect(runs).toBe(1);
    // A sandbox that has not seen it finds the key free.
    expect(await sandbox({ store: emptied.store })({ id: 'o1' })).toEqual({ run: 2 });
  });
});

describe('nobody gets what belongs to another', () => {
  const answer = async (_event: APIGatewayProxyEventV2) => ({ statusCode: 201, body: `run ${++runs}` });
  const httpOptions = (changes: HttpOptions<APIGatewayProxyEventV2> = {}) => ({
    store: counted(),
    cache: true,
    onEvent: () => {},
    ...changes,
  });

  test('two tenants with one key', async () => {
    const caller = (event: APIGatewayProxyEventV2) => event.headers['x-tenant'];
    const handler = idempotent(answer, httpOptions({ caller }));
    const send = (tenant: string) =>
      handler(httpApiEvent({ key: 'k1', headers: { 'x-tenant': tenant } }), lambdaContext());
    for (const _ of [1, 2]) {
      expect(await send('one')).toMatchObject({ body: 'run 1' });
      expect(await send('other')).toMatchObject({ body: 'run 2' });
    }
  });

  test('two paths, and two methods, with one key', async () => {
    const handler = idempotent(answer, httpOptions());
    const requests = [{ path: '/a' }, { path: '/b' }, { path: '/a', method: 'PATCH' }];
    for (const _ of [1, 2]) {
      for (const [index, request] of requests.entries()) {
        const sent = await handler(httpApiEvent({ key: 'k1', ...request }), lambdaContext());
        expect(sent).toMatchObject({ body: `run ${index + 1}` });
      }
    }
  });

  test('two namespaces in one store, and two stores with one namespace', async () => {
    const [one, other, elsewhere] = [
      sandbox({ namespace: 'one' }),
      sandbox({ namespace: 'other' }),
      sandbox({ namespace: 'one', store: new MemoryStore() }),
    ];
    for (const _ of [1, 2]) {
      expect(await one?.({ id: 'o1' })).toEqual({ run: 1 });
      expect(await other?.({ id: 'o1' })).toEqual({ run: 2 });
      expect(await elsewhere?.({ id: 'o1' })).toEqual({ run: 3 });
    }
  });
});

describe('the bounds', () => {
  test('of entries: the one that was used longest ago goes', async () => {
    const charge = sandbox({ cache: { maxEntries: 2 } });
    for (const id of ['o1', 'o2']) await charge({ id });
    await charge({ id: 'o1' });
    await charge({ id: 'o3' });
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual([]);
    expect(await requestsOf(() => charge({ id: 'o3' }))).toEqual([]);
    expect(await requestsOf(() => charge({ id: 'o2' }))).toEqual(['acquire']);
  });

  test('of bytes: two bytes a character and a kilobyte a record', async () => {
    const charge = sandbox({ cache: { maxBytes: 10_000 } }, () => 'x'.repeat(1500)); // Some 4.3 KB each.
    for (const id of ['o1', 'o2', 'o3']) await charge({ id });
    expect(await requestsOf(() => charge({ id: 'o3' }))).toEqual([]);
    expect(await requestsOf(() => charge({ id: 'o2' }))).toEqual([]);
    expect(await requestsOf(() => charge({ id: 'o1' }))).toEqual(['acquire']);
  });

  test('a result that is too large for all of it is left out, and pushes nothing else out', async () => {
    const charge = sandbox({ cache: { maxBytes: 10_000 } }, () => 'x'.repeat(runs === 2 ? 5000 : 10));
    await charge({ id: 'small' });
    await charge({ id: 'large' });
    expect(await requestsOf(() => charge({ id: 'large' }))).toEqual(['acquire']);
    expect(await requestsOf(() => charge({ id: 'small' }))).toEqual([]);
  });

  test('every character of id, owner, fingerprint and result counts', async () => {
    const hundred = 'x'.repeat(100);
    const record: IdempotencyRecord = {
      id: hundred,
      status: 'COMPLETED',
      expiresAtSeconds: nowMs,
      leaseEndsAtMs: nowMs,
      owner: hundred,
      attempt: 1,
      fingerprint: hundred,
      result: { kind: 'json', json: hundred },
    };
    const bytes = 1024 + 2 * 400;
    for (const [maxBytes, kept] of [
      [bytes, true],
      [bytes - 1, false],
    ] as const) {
      const cache = new WarmCache({ maxEntries: 10, maxBytes }, { now: () => nowMs, clockSkewMs: 0 });
      cache.remember(record);
      await new Promise(setImmediate);
      expect(cache.recall({ id: hundred, fingerprint: hundred }) !== undefined).toBe(kept);
    }
  });

  test('a record without a result takes none, and is recalled as one of undefined', async () => {
    const cache = new WarmCache({ maxEntries: 1, maxBytes: 10_000 }, { now: () => nowMs, clockSkewMs: 0 });
    cache.remember({
      id: 'o1',
      status: 'COMPLETED',
      expiresAtSeconds: nowMs,
      leaseEndsAtMs: nowMs,
      owner: 'owner',
      attempt: 1,
      fingerprint: '',
    });
    await new Promise(setImmediate);
    const recalled = { kind: 'completed', result: { kind: 'undefined' } };
    expect(cache.recall({ id: 'o1', fingerprint: '' })).toEqual(recalled);
  });

  test('what is left of an omitted result counts, too', async () => {
    const settings = { now: () => nowMs, clockSkewMs: 0 };
    const cache = new WarmCache({ maxEntries: 10, maxBytes: 4000 }, settings);
    const remainderJson = 'x'.repeat(2000);
    const record: IdempotencyRecord = {
      id: 'o1',
      status: 'COMPLETED',
      expiresAtSeconds: nowMs,
      leaseEndsAtMs: nowMs,
      owner: 'owner',
      attempt: 1,
      fingerprint: '',
      result: { kind: 'omitted', reason: 'too-large', remainderJson },
    };
    cache.remember(record);
    cache.remember({ ...record, id: 'o2', result: { kind: 'undefined' } });
    await new Promise(setImmediate);
    expect(cache.recall({ id: 'o1', fingerprint: '' })).toBeUndefined();
    expect(cache.recall({ id: 'o2', fingerprint: '' })).toMatchObject({ kind: 'completed' });
  });
});

describe.each(MIDDY_VERSIONS)('the middleware of Middy $version', ({ middy }) => {
  test('replays from the cache, with the header and the status of any replay', async () => {
    const handler = middy(async () => ({ statusCode: 201, body: `run ${++runs}` })).use(
      idempotency({ store: counted(), cache: true, onEvent: (event) => events.push(event) }) as never, // Middy's types want an event of its own.
    ) as unknown as (event: unknown, context: Context) => Promise<unknown>;
    const send = (body?: object) =>
      handler(httpApiEvent({ key: 'k1', ...(body && { body }) }), lambdaContext());
    await send();
    const sent = await requestsOf(async () => {
      expect(await send()).toMatchObject({
        statusCode: 200,
        body: 'run 1',
        headers: { 'Idempotent-Replayed': 'true' },
      });
      await expect(send({ sku: 'pear' })).resolves.toMatchObject({ statusCode: 422 });
    });
    expect(sent).toEqual([]);
  });
});
