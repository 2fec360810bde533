/**
 * Consumers of streams as docs/recipes/streams.md has them, on a real engine. The test plays Lambda: it starts again
 * from the record that was reported, and delivers whole batches again.
 */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context, DynamoDBRecord, KinesisStreamRecord } from 'aws-lambda';
import { deliveryKey } from '../../../lib/event-sources/index.ts';
import { DynamoDbStore, type IdempotencyStore, idempotent } from '../../../lib/index.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';
import { dynamoDbRecord, kinesisRecord } from '../../support/source-records.ts';

let client: DynamoDBClient;
let store: IdempotencyStore;
let done: string[];
let failing: Set<string>;

beforeAll(async () => {
  client = testClient();
  store = new DynamoDbStore({ client, tableName: await createIdempotencyTable(client) });
});

afterAll(() => client.destroy());

beforeEach(() => {
  done = [];
  failing = new Set();
});

const STREAMS = [
  {
    stream: 'Kinesis',
    recordOf: (orderId: string, sequenceNumber: string) => kinesisRecord({ orderId }, sequenceNumber),
    orderIdOf: (record: KinesisStreamRecord | DynamoDBRecord) =>
      'kinesis' in record ? JSON.parse(Buffer.from(record.kinesis.data, 'base64').toString()).orderId : '',
    sequenceNumberOf: (record: KinesisStreamRecord | DynamoDBRecord) =>
      'kinesis' in record ? record.kinesis.sequenceNumber : '',
  },
  {
    stream: 'a DynamoDB stream',
    recordOf: (orderId: string, sequenceNumber: string) => dynamoDbRecord({ orderId }, sequenceNumber),
    orderIdOf: (record: KinesisStreamRecord | DynamoDBRecord) =>
      'dynamodb' in record ? record.dynamodb?.NewImage?.['orderId']?.S : '',
    sequenceNumberOf: (record: KinesisStreamRecord | DynamoDBRecord) =>
      'dynamodb' in record ? record.dynamodb?.SequenceNumber : '',
  },
];

describe.each(STREAMS)('a consumer of $stream', ({ recordOf, orderIdOf, sequenceNumberOf }) => {
  type Record = ReturnType<typeof recordOf>;

  function consumer(key: (record: Record) => string) {
    const handleOnce = idempotent(
      async (record: Record) => {
        const orderId = String(orderIdOf(record));
        if (failing.has(orderId)) throw new Error('the payment service is down');
        done.push(orderId);
      },
      { store, key },
    );
    return async function consume(records: readonly Record[], context: Context = lambdaContext()) {
      for (const record of records) {
        try {
          await handleOnce(record, context);
        } catch {
          return { batchItemFailures: [{ itemIdentifier: sequenceNumberOf(record) }] };
        }
      }
      return { batchItemFailures: [] };
    };
  }

  const ALL_DONE = { batchItemFailures: [] };

  test('stops at the first failure, and keeps the order of the stream when Lambda starts again from there', async () => {
    const consume = consumer((record) => String(orderIdOf(record)));
    const orders = [randomUUID(), randomUUID(), randomUUID()];
    const records = orders.map((orderId, index) => recordOf(orderId, `10${index}`));
    failing.add(String(orders[1]));
    expect(await consume(records)).toEqual({ batchItemFailures: [{ itemIdentifier: '101' }] });
    expect(done).toEqual([orders[0]]);

    failing.clear();
    expect(await consume(records.slice(1))).toEqual(ALL_DONE);
    expect(done).toEqual(orders);
  });

  test('has each effect once when a whole batch comes again, as after a time-out or a bisection', async () => {
    const consume = consumer((record) => String(orderIdOf(record)));
    const orders = [randomUUID(), randomUUID(), randomUUID()];
    const records = orders.map((orderId, index) => recordOf(orderId, `20${index}`));
    expect(await consume(records)).toEqual(ALL_DONE);
    expect(await consume(records)).toEqual(ALL_DONE);
    expect(await consume(records.slice(0, 1))).toEqual(ALL_DONE);
    expect(await consume(records.slice(1))).toEqual(ALL_DONE);
    expect(done).toEqual(orders);
  });

  test('recognises what was put into the stream twice by its order number, and not by the key of its delivery', async () => {
    const twice = (orderId: string) => [recordOf(orderId, '300'), recordOf(orderId, '301')];
    const [byOperation, byDelivery] = [randomUUID(), randomUUID()];
    await consumer((record) => String(orderIdOf(record)))(twice(byOperation));
    await consumer(deliveryKey)(twice(byDelivery));
    expect(done).toEqual([byOperation, byDelivery, byDelivery]);
  });
});
