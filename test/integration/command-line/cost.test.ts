/** What `cost` calculates is what the engine counts, for the library's own middleware and answers of all sizes. */
import { randomUUID } from 'node:crypto';
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import middy from '@middy/core';
import { type Outcomes, outcomesOf } from '../../../lib/command-line/cost/outcomes.ts';
import { sampleAnswerJson } from '../../../lib/command-line/cost/sample-answer.ts';
import { DynamoDbStore, type IdempotentContext, idempotency } from '../../../lib/index.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { type MeteredTable, openMeteredTable } from '../../support/metered-table.ts';
import { runCommand } from '../../support/test-terminal.ts';

// The largest answers are megabytes long, and the machine may be busy.
jest.setTimeout(60_000);

let table: MeteredTable;

beforeAll(async () => {
  table = await openMeteredTable();
});
afterAll(() => table.close());

function guarded(work: (context: IdempotentContext) => Promise<unknown>) {
  const { client, tableName } = table;
  const handler = middy(async (_event: object, context: IdempotentContext) => work(context)).use(
    idempotency({ store: new DynamoDbStore({ tableName, client }), onEvent: () => {} }),
  );
  const event = httpApiEvent({ key: randomUUID() });
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  return () => handler(event, lambdaContext() as IdempotentContext);
}

const KB = 1024;
const SIZES = [1, 300, KB, 2 * KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, 512 * KB, 1024 * KB, 3 * 1024 * KB];

describe.each(SIZES.map((bytes) => [bytes]))('a body of %i bytes', (bytes) => {
  const json = sampleAnswerJson(bytes);

  test('has that many', () => {
    expect(Buffer.byteLength(JSON.parse(json).body)).toBe(Math.max(bytes, '{"rows":[]}'.length));
  });

  test('costs what is calculated, on a first run and on a duplicate', async () => {
    const outcomes = await outcomesOf(json, 'lock');
    const send = guarded(async () => JSON.parse(json));
    const first = await table.consumedBy(send);
    const duplicate = await table.consumedBy(send);
    const { requests, writeUnits, readUnits } = first;
    expect({ requests, writeUnits, readUnits }).toEqual(outcomes.firstRun);
    expect({ requests: duplicate.requests, readUnits: duplicate.readUnits }).toEqual({
      requests: outcomes.duplicate.requests,
      readUnits: outcomes.duplicate.readUnits,
    });
    // No engine counts refused writes; DynamoDB bills them by the size of the record, as it does the completion.
    expect(outcomes.duplicate.writeUnits).toBe(first.recordUnits);
  });
});

test('a handler that fails costs what is calculated', async () => {
  const { failure } = await outcomesOf(sampleAnswerJson(KB), 'lock');
  const send = guarded(() => Promise.reject(new Error('failed')));
  const { requests, writeUnits, readUnits } = await table.consumedBy(() => send().catch(() => {}));
  expect({ requests, writeUnits, readUnits }).toEqual(failure);
});

test('with commit, the completion is a write in a transaction, which counts twice', async () => {
  const json = sampleAnswerJson(4 * KB);
  const [lock, commit] = [await outcomesOf(json, 'lock'), await outcomesOf(json, 'commit')];
  const recordUnits = lock.duplicate.writeUnits;
  expect(commit.firstRun).toEqual({ ...lock.firstRun, writeUnits: lock.firstRun.writeUnits + recordUnits });

  // What the engine makes of one unit in a transaction: DynamoDB two, DynamoDB Local 1.25.1 four.
  const { client, tableName } = table;
  const row = { Put: { TableName: tableName, Item: { id: { S: randomUUID() } } } };
  const ofOneUnit = await transactionUnits(() =>
    client.send(new TransactWriteItemsCommand({ TransactItems: [row] })),
  );
  const send = guarded(async ({ idempotency: attempt }) => {
    attempt.commit([{ Put: { TableName: tableName, Item: { id: randomUUID() } } }]);
    return JSON.parse(json);
  });
  let requests = 0;
  const units = await transactionUnits(async () => {
    ({ requests } = await table.consumedBy(send));
  });
  expect(requests).toBe(commit.firstRun.requests);
  // The record, and the row that the handler puts.
  expect(units / ofOneUnit).toBe(recordUnits + 1);
});

/** The units of the transactions that `work` sends; the metered table counts those of single requests. */
async function transactionUnits(work: () => Promise<unknown>): Promise<number> {
  let units = 0;
  const { client } = table;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { ConsumedCapacity: capacities } = result.output as { ConsumedCapacity?: unknown };
      if (context['commandName'] === 'TransactWriteItemsCommand' && Array.isArray(capacities)) {
        for (const { CapacityUnits } of capacities) units += CapacityUnits;
      }
      return result;
    },
    { step: 'initialize', priority: 'low', name: 'transactionUnits' },
  );
  try {
    await work();
  } finally {
    client.middlewareStack.remove('transactionUnits');
  }
  return units;
}

describe('the estimate', () => {
  const estimated = async (...args: string[]) => {
    const { stdout, exitCode } = await runCommand(['cost', '--json', ...args]);
    expect(exitCode).toBe(0);
    return JSON.parse(stdout);
  };

  test('is the sum of the outcomes by their shares', async () => {
    const { outcomes, estimate } = await estimated(
      ...['--rps', '1000', '--body-kb', '4', '--duplicates', '10', '--failures', '5'],
    );
    const { firstRun, duplicate, failure } = outcomes as Outcomes;
    const expected = 850 * firstRun.writeUnits + 100 * duplicate.writeUnits + 50 * failure.writeUnits;
    expect(estimate.writeUnitsPerSecond).toBeCloseTo(expected, 6);
    expect(estimate.requestsPerSecond).toBeCloseTo(850 * 2 + 100 + 50 * 2, 6);
    expect(estimate.partitions).toBe(Math.ceil(expected / 1000));
    // 730 hours at 0.625 USD a million.
    expect(estimate.unitsUsdPerMonth).toBeCloseTo(expected * 730 * 3600 * 0.625e-6, 6);
  });

  test('of the table: what is kept of each key for a day, and two days longer while TTL lags', async () => {
    const { outcomes, estimate } = await estimated('--rps', '100', '--duplicates', '0');
    const gigabytes = (100 * 86_400 * (outcomes.storedBytes + 100)) / 1024 ** 3;
    expect(estimate.storedGigabytes).toBeCloseTo(gigabytes, 9);
    expect(estimate.storedGigabytesWithTtlLag).toBeCloseTo(3 * gigabytes, 9);
    expect(estimate.storageUsdPerMonth).toBeCloseTo(3 * gigabytes * 0.25, 9);
  });

  test('with prices of another region', async () => {
    const [here, there] = [
      await estimated('--rps', '1'),
      await estimated('--rps', '1', '--write-price', '1.25'),
    ];
    expect(there.estimate.unitsUsdPerMonth).toBeCloseTo(2 * here.estimate.unitsUsdPerMonth, 9);
  });

  test.each<[string, string[], RegExp]>([
    ['no rate', [], /--rps/],
    ['more than all', ['--rps', '1', '--duplicates', '60', '--failures', '60'], /more than all requests/],
    ['an answer that Lambda would not send', ['--rps', '1', '--body-kb', '6144'], /6291456 at most/],
  ])('%s is exit code 2', async (_description, args, message) => {
    const { stderr, exitCode } = await runCommand(['cost', ...args]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
