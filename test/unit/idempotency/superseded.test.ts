/** An attempt that has finished its work and finds that its lease was over, and the record is no longer its own. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { ResultNotRecordedError } from '../../../lib/idempotency/errors.ts';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import type {
  IdempotencyRecord,
  IdempotencyStore,
  WriteOutcome,
} from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';

interface Message {
  readonly orderId: string;
  readonly amount?: number;
}

const ORDER: Message = { orderId: 'o1' };
const LEASE_MS = 10_000;
const RETENTION_SECONDS = 3600;

let nowMs: number;
let store: MemoryStore;
let told: IdempotencyEvent[];

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  store = new MemoryStore();
  told = [];
});

const options = (records: IdempotencyStore = store) => ({
  store: records,
  now: () => nowMs,
  leaseMs: LEASE_MS,
  clockSkewMs: 0,
  retentionSeconds: RETENTION_SECONDS,
  onEvent: (event: IdempotencyEvent) => told.push(event),
});

const keyed = (records?: IdempotencyStore) => ({
  ...options(records),
  key: ({ orderId }: Message) => orderId,
  fingerprint: ({ amount }: Message) => amount ?? 0,
});

/** Charges an order whose first attempt outlives its lease, while `meanwhile` happens. */
function chargeOvertaken(meanwhile: () => Promise<unknown>, records?: IdempotencyStore): Promise<unknown> {
  const charge = idempotent<Message, unknown, undefined>(async () => {
    nowMs += LEASE_MS;
    await meanwhile();
    return 'charged by the first';
  }, keyed(records));
  return charge(ORDER, undefined);
}

/** Another attempt at `message`, whose result is `result`. */
const chargeAgain = (result: unknown, message = ORDER) =>
  idempotent<Message, unknown, undefined>(async () => result, keyed())(message, undefined);

describe('an attempt that was overtaken', () => {
  test('gives its caller the result of the one that overtook it', async () => {
    expect(await chargeOvertaken(() => chargeAgain('charged by the second'))).toBe('charged by the second');
    expect(told.at(-1)).toMatchObject({ type: 'superseded', attempt: 1 });
  });

  test.each([
    ['as long as that has its lease', 3000, LEASE_MS - 3000],
    ['at once where that has overrun its lease, too', LEASE_MS + 1, 0],
  ])('while the other runs, sends its caller away: %s', async (_, laterMs, retryAfterMs) => {
    let finish = () => {};
    const other = new Promise<string>((resolve) => {
      finish = () => resolve('charged by the second');
    });
    let second: Promise<unknown> | undefined;
    const first = chargeOvertaken(async () => {
      second = chargeAgain(other);
      await new Promise((resolve) => setImmediate(resolve));
      nowMs += laterMs;
    });
    await expect(first).rejects.toMatchObject({ code: 'SUPERSEDED', retryable: true, retryAfterMs });
    finish();
    expect(await second).toBe('charged by the second');
  });

  test('answers an HTTP caller so, with the time to come again', async () => {
    const created = { statusCode: 201 };
    let finish = () => {};
    let second: Promise<unknown> | undefined;
    const event = () => httpApiEvent({ key: 'k1' });
    const add = idempotent(async () => {
      const isFirst = second === undefined;
      if (!isFirst) {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return created;
      }
      nowMs += LEASE_MS;
      second = add(event(), withoutDeadline());
      await new Promise((resolve) => setImmediate(resolve));
      return created;
    }, options());
    expect(await add(event(), withoutDeadline())).toMatchObject({
      statusCode: 409,
      headers: { 'Retry-After': String(LEASE_MS / 1000) },
      body: expect.stringContaining('SUPERSEDED'),
    });
    finish();
    expect(await second).toBe(created);
  });

  describe.each(MIDDY_VERSIONS)('and whose step says so, behind Middy $version', ({ middy }) => {
    test('answers with the time to come again while the other runs', async () => {
      const created = { statusCode: 201 };
      let finish = () => {};
      let second: Promise<unknown> | undefined;
      const add = middy(async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => {
        if (second !== undefined) {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
          return created;
        }
        nowMs += LEASE_MS;
        second = send();
        await new Promise((resolve) => setImmediate(resolve));
        return context.idempotency.step('charge', () => created);
      }).use(idempotency(options()));
      const send = () =>
        add(httpApiEvent({ key: 'k1' }), withoutDeadline() as IdempotentContext) as Promise<unknown>;
      expect(await send()).toMatchObject({
        statusCode: 409,
        headers: { 'Retry-After': String(LEASE_MS / 1000) },
        body: expect.stringContaining('SUPERSEDED'),
      });
      finish();
      expect(await second).toEqual(created);
    });
  });

  test('tells its caller where the other’s result could not be kept', async () => {
    const first = chargeOvertaken(() => chargeAgain(12n));
    await expect(first).rejects.toThrow(ResultNotRecordedError);
  });

  describe('gives its own result', () => {
    const OWN = 'charged by the first';

    test('where its record is gone', async () => {
      const vanishing = interceptedStore(store, async (operation, proceed) =>
        operation === 'complete' ? { applied: false, current: undefined } : proceed(),
      );
      expect(await chargeOvertaken(async () => {}, vanishing)).toBe(OWN);
      expect(told.at(-1)).toMatchObject({ type: 'superseded' });
    });

    test('where the key has begun another life with another payload', async () => {
      const overtaken = chargeOvertaken(async () => {
        nowMs += RETENTION_SECONDS * 1000 + 1000;
        await chargeAgain('charged in another life', { ...ORDER, amount: 7 });
      });
      expect(await overtaken).toBe(OWN);
    });

    test('where the other’s cannot be read, and says so', async () => {
      const result = chargeOvertaken(
        () => chargeAgain('charged by the second'),
        showing((record) => ({ ...record, result: { kind: 'json', json: '"charg' } })),
      );
      expect(await result).toBe(OWN);
      expect(told.at(-1)).toMatchObject({ type: 'store-failed', during: 'complete' });
    });
  });

  test('gives `undefined` where a store knows no result of the other’s', async () => {
    const withoutResult = showing(({ result, ...rest }) => rest);
    const first = chargeOvertaken(() => chargeAgain('lost by the store'), withoutResult);
    expect(await first).toBeUndefined();

    const event = () => httpApiEvent({ key: 'k1' });
    const overtaken = idempotent(async () => {
      nowMs += LEASE_MS;
      await idempotent(async () => ({ statusCode: 201 }), options())(event(), withoutDeadline());
      return { statusCode: 201 };
    }, options(withoutResult));
    // The runtime sends `null` for `undefined`, and an HTTP API makes a 200 of it.
    expect(await overtaken(event(), withoutDeadline())).toMatchObject({ statusCode: 200, body: 'null' });
  });
});

function withoutDeadline() {
  const { getRemainingTimeInMillis, ...context } = lambdaContext();
  return context as ReturnType<typeof lambdaContext>;
}

/** A store whose refusal of a completion shows the record that stands in the way as `seen` makes of it. */
function showing(seen: (record: IdempotencyRecord) => IdempotencyRecord): IdempotencyStore {
  return interceptedStore(store, async (operation, proceed) => {
    const outcome = (await proceed()) as WriteOutcome;
    if (operation !== 'complete' || outcome.applied || outcome.current === undefined) return outcome;
    return { applied: false, current: seen(outcome.current) };
  });
}
