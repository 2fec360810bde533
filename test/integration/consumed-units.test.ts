/**
 * What each outcome costs in units, by the size of its answer, as the engine reports them (ReturnConsumedCapacity). No
 * engine counts refused writes: DynamoDB bills a duplicate by the size of the record, which is the column `record`. Engines
 * count units of transactions in ways of their own: test/integration/command-line/cost.test.ts looks at `commit`.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type Kind, sizedAnswer } from '../../bench/response-size/answers.ts';
import { createSubject } from '../../bench/subjects.ts';
import { DynamoDbStore, type HttpOptions, type IdempotentContext, idempotent } from '../../lib/index.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { changedStore } from '../support/intercepted-store.ts';
import { type MeteredTable, openMeteredTable } from '../support/metered-table.ts';

// The largest answers are megabytes long, and the machine may be busy.
jest.setTimeout(30_000);

const KB = 1024;
let table: MeteredTable;

beforeAll(async () => {
  table = await openMeteredTable();
});
afterAll(() => table.close());

const ownStore = () => new DynamoDbStore({ client: table.client, tableName: table.tableName });

type Work = (context: IdempotentContext) => unknown;

/** Sends one request to a guard of its own. What throws ends it as an answer does. */
async function send(
  key: string,
  work: Work,
  options: HttpOptions<APIGatewayProxyEventV2> = {},
): Promise<void> {
  const handler = idempotent<APIGatewayProxyEventV2, unknown>(
    async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => work(context),
    { store: ownStore(), onEvent: () => {}, ...options },
  );
  await Promise.resolve(handler(httpApiEvent({ key }), lambdaContext() as IdempotentContext)).catch(() => {});
}

const unitsOf = async (...request: Parameters<typeof send>) => {
  const { writeUnits, readUnits, recordUnits } = await table.consumedBy(() => send(...request));
  return { writeUnits, readUnits, recordUnits };
};

/** An attempt that ran an hour ago and did not complete its key. */
function leaveLapsed(key: string): Promise<void> {
  const store = changedStore(ownStore(), { complete: () => Promise.reject(new Error('lost')) });
  return send(key, () => ({ statusCode: 201 }), { store, now: () => Date.now() - 3_600_000 });
}

/** Write units, but for `duplicate`, which is the read units of one. */
interface Units {
  readonly firstRun: number;
  readonly record: number;
  readonly duplicate: number;
  readonly takeover: number;
  readonly singleWrite: number;
}

describe('by size', () => {
  test.each<[kind: Kind, kilobytes: number, units: Units]>([
    ['cart', 1, { firstRun: 2, record: 1, duplicate: 0, takeover: 2, singleWrite: 1 }],
    ['cart', 4, { firstRun: 3, record: 2, duplicate: 0, takeover: 3, singleWrite: 2 }],
    ['cart', 16, { firstRun: 5, record: 4, duplicate: 0, takeover: 5, singleWrite: 4 }],
    ['cart', 64, { firstRun: 15, record: 14, duplicate: 0, takeover: 15, singleWrite: 14 }],
    ['cart', 256, { firstRun: 60, record: 59, duplicate: 0, takeover: 60, singleWrite: 59 }],
    ['cart', 1024, { firstRun: 233, record: 1, duplicate: 58, takeover: 233, singleWrite: 232 }],
    ['picture', 1, { firstRun: 3, record: 2, duplicate: 0, takeover: 3, singleWrite: 2 }],
    ['picture', 16, { firstRun: 14, record: 13, duplicate: 0, takeover: 14, singleWrite: 13 }],
    ['picture', 256, { firstRun: 195, record: 1, duplicate: 49, takeover: 195, singleWrite: 194 }],
    ['picture', 1024, { firstRun: 772, record: 1, duplicate: 194, takeover: 772, singleWrite: 771 }],
  ])('a %s of %i KB costs %p', async (kind, kilobytes, expected) => {
    const answer = sizedAnswer(kind, kilobytes * KB);
    const [key, taken] = [randomUUID(), randomUUID()];
    const first = await unitsOf(key, () => answer);
    const duplicate = await unitsOf(key, () => answer);
    await leaveLapsed(taken);
    const takeover = await unitsOf(taken, () => answer);
    const singleWrite = await unitsOf(randomUUID(), () => answer, { strategy: 'single-write' });
    expect({
      firstRun: first.writeUnits,
      record: first.recordUnits,
      duplicate: duplicate.readUnits,
      takeover: takeover.writeUnits,
      singleWrite: singleWrite.writeUnits,
    }).toEqual(expected);
    // Taking over is an update of its own, where the lock of a first run is a put.
    expect(takeover.recordUnits).toBe(first.recordUnits + 1);
    expect([first.readUnits, duplicate.writeUnits, takeover.readUnits]).toEqual([0, 0, 0]);
  });
});

const CREATED = { statusCode: 201 };
const failing = () => {
  throw new Error('failed');
};
const step: Work = async ({ idempotency }) => {
  await idempotency.step('charge', async () => 'c1');
  return CREATED;
};

describe('with a small answer, or none', () => {
  test.each<[outcome: string, writeUnits: number, work: Work, options: HttpOptions<APIGatewayProxyEventV2>]>([
    ['a first run', 2, () => CREATED, {}],
    ['a handler that throws', 2, failing, {}],
    ['a handler that answers 500', 2, () => ({ statusCode: 500 }), {}],
    ['a step and its first run', 3, step, {}],
    ['a single write', 1, () => CREATED, { strategy: 'single-write' }],
    ['a method that needs no guard', 0, () => CREATED, { methods: ['PATCH'] }],
  ])('%s costs %i', async (_outcome, writeUnits, work, options) => {
    expect(await unitsOf(randomUUID(), work, options)).toMatchObject({ writeUnits, readUnits: 0 });
  });
});

/** Rows that differ in little, as price lists and search results have them. */
function productList(bytes: number) {
  const products: object[] = [];
  const answer = () => ({ statusCode: 200, body: JSON.stringify({ products }) });
  while (JSON.stringify(answer()).length < bytes) {
    const id = 1000 + products.length;
    const price = { amount: `${5 + (id % 40)}.99`, currency: 'EUR' };
    products.push({ id, sku: `SKU-${id}`, inStock: id % 3 > 0, price, url: `/products/${id}` });
  }
  products.pop();
  return answer();
}

describe('a first run of 16 KB of JSON, beside Powertools', () => {
  async function writeUnits(name: 'lambda-idempotency' | 'powertools', answer: { statusCode: number }) {
    const { client, tableName } = table;
    const subject = createSubject(name, { client, tableName, work: async () => answer });
    const event = httpApiEvent({ key: randomUUID() });
    const units = await table.consumedBy(() => subject(event, lambdaContext()));
    return units.writeUnits;
  }

  // Each line of the cart has an id of random digits, of which no coder makes less than half.
  test.each([
    ['a list of products', productList(16 * KB), 1 / 4],
    ['a cart', sizedAnswer('cart', 16 * KB), 1 / 3],
  ])('%s costs at most its share of what it costs there', async (_answer, answer, share) => {
    const [ours, theirs] = [
      await writeUnits('lambda-idempotency', answer),
      await writeUnits('powertools', answer),
    ];
    expect(theirs).toBeGreaterThan(10);
    expect(ours).toBeLessThanOrEqual(theirs * share);
  });
});
