/** The queue's consumer on a real engine. SQS itself is played by the test: it delivers again what was reported. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context, SQSRecord } from 'aws-lambda';
import {
  type ChargeOrdersDependencies,
  createChargeOrdersHandler,
} from '../../../functions/charge-orders/charge-orders.ts';
import { type Charges, DynamoDbCharges } from '../../../functions/charge-orders/charges.ts';
import type { Order } from '../../../functions/charge-orders/order.ts';
import type { HandlerLogger } from '../../../functions/handler-logger.ts';
import { DynamoDbStore, type IdempotencyStore } from '../../../lib/index.ts';
import { createChargesTable, createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';
import { sqsRecord } from '../../support/source-records.ts';
import { until } from '../../support/until.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let client: DynamoDBClient;
let chargesTable: string;
let store: IdempotencyStore;
let charges: Charges;
let chargeOrders: ReturnType<typeof createChargeOrdersHandler>;
let logged: { readonly level: string; readonly message: unknown; readonly fields: Record<string, unknown> }[];

const logger = {
  info: (message: unknown, fields: Record<string, unknown>) =>
    logged.push({ level: 'info', message, fields }),
  error: (message: unknown, fields: Record<string, unknown>) =>
    logged.push({ level: 'error', message, fields }),
} as unknown as HandlerLogger;

beforeAll(async () => {
  client = testClient();
  const tableName = await createIdempotencyTable(client);
  store = new DynamoDbStore({ client, tableName });
  chargesTable = await createChargesTable(client);
  charges = new DynamoDbCharges({ client, tableName: chargesTable });
});

afterAll(() => client.destroy());

beforeEach(() => {
  logged = [];
  chargeOrders = consumer();
});

function consumer(changes: Partial<ChargeOrdersDependencies> = {}) {
  const { idempotencyOptions, ...others } = changes;
  return createChargeOrdersHandler({
    charges,
    logger,
    ...others,
    idempotencyOptions: { store, onEvent: () => {}, ...idempotencyOptions },
  });
}

/** The consumer as it will be after a while: its clock is ahead. */
function consumerIn(ms: number) {
  return consumer({ idempotencyOptions: { now: () => Date.now() + ms } });
}

function newOrder(changes: Partial<Order> = {}): Order {
  return { orderId: randomUUID(), amountCents: 1250, currency: 'EUR', ...changes };
}

/** Ids of the messages that the queue is to deliver again. */
async function deliver(
  messages: readonly SQSRecord[],
  handler = chargeOrders,
  context: Context = lambdaContext(),
): Promise<string[]> {
  const { batchItemFailures } = await handler({ Records: [...messages] }, context);
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const idsOf = (...messages: readonly SQSRecord[]) => messages.map(({ messageId }) => messageId);

async function rowsOf({ orderId }: Order): Promise<unknown[]> {
  const { Items } = await DynamoDBDocumentClient.from(client).send(
    new ScanCommand({
      TableName: chargesTable,
      ConsistentRead: true,
      FilterExpression: 'orderId = :orderId',
      ExpressionAttributeValues: { ':orderId': orderId },
    }),
  );
  return Items ?? [];
}

describe('a message that comes twice', () => {
  test('with other orders beside it, charges each of them once', async () => {
    const orders = [newOrder(), newOrder(), newOrder()];
    const messages = orders.map((order) => sqsRecord(order));
    expect(await deliver(messages)).toEqual([]);
    expect(await deliver(messages)).toEqual([]);
    for (const order of orders) expect(await rowsOf(order)).toMatchObject([order]);
  });

  test('because the producer sent it twice, is done both times, in one batch', async () => {
    const order = newOrder();
    expect(await deliver([sqsRecord(order), sqsRecord(order)])).toEqual([]);
    expect(await rowsOf(order)).toHaveLength(1);
    expect(logged).toHaveLength(1);
  });

  test('because the producer sent it twice, is done both times, in two batches', async () => {
    const order = newOrder();
    expect(await deliver([sqsRecord(order)])).toEqual([]);
    expect(await deliver([sqsRecord(order), sqsRecord(newOrder())])).toEqual([]);
    expect(await rowsOf(order)).toHaveLength(1);
  });

  test('in two batches at the same time, is left in the queue by the second, and is done when it comes again', async () => {
    const order = newOrder();
    const other = newOrder();
    const gate = heldCharges();
    const slow = consumer({ charges: gate.charges });
    const [first, second] = [sqsRecord(order), sqsRecord(order)];

    const running = deliver([first], slow);
    await gate.reached;
    expect(await deliver([second, sqsRecord(other)])).toEqual(idsOf(second));
    expect(logged).toContainEqual({
      level: 'info',
      message: 'order left for later',
      fields: { messageId: second.messageId, reason: 'IN_PROGRESS' },
    });
    gate.open();
    // One invocation's failures are none of the other's, although both ran in one process.
    expect(await running).toEqual([]);

    expect(await deliver([second])).toEqual([]);
    expect(await rowsOf(order)).toHaveLength(1);
    expect(await rowsOf(other)).toHaveLength(1);
  });
});

describe('a consumer that dies', () => {
  test('after the charge and before its record, leaves one charge when the message comes again', async () => {
    const order = newOrder();
    const message = sqsRecord(order);
    const gate = heldCharges();
    void deliver([message], consumer({ charges: gate.charges })); // Never answers: the sandbox is gone.
    await gate.reached;
    expect(await rowsOf(order)).toHaveLength(1);

    // The visibility timeout is longer than the lease; a message that came sooner would be refused.
    expect(await deliver([message])).toEqual(idsOf(message));
    expect(await deliver([message], consumerIn(60_000))).toEqual([]);
    expect(await rowsOf(order)).toHaveLength(1);
    expect(logged.at(-1)).toMatchObject({ message: 'order charged', fields: { attempt: 2 } });
  });
});

describe('a poison message', () => {
  test.each([
    ['is not JSON', '{"orderId":'],
    ['is no object', 'null'],
    ['has no order number', { amountCents: 1, currency: 'EUR' }],
    ['has an amount with decimals', { orderId: 'o-1', amountCents: 12.5, currency: 'EUR' }],
    ['has a currency of its own', { orderId: 'o-1', amountCents: 1, currency: 'euro' }],
  ])('that %s fails each time, alone, until the queue puts it aside', async (_, body) => {
    const poison = sqsRecord(body);
    const order = newOrder();
    expect(await deliver([poison, sqsRecord(order)])).toEqual(idsOf(poison));
    expect(await deliver([poison])).toEqual(idsOf(poison));
    expect(await rowsOf(order)).toHaveLength(1);
    expect(logged).toContainEqual({
      level: 'error',
      message: 'order not charged',
      fields: {
        messageId: poison.messageId,
        error: expect.objectContaining({ name: 'UnreadableOrderError' }),
      },
    });
  });

  test('that asks for another amount under a known order number fails, and harms neither charge nor record', async () => {
    const order = newOrder();
    const poison = sqsRecord({ ...order, amountCents: 9900 });
    expect(await deliver([sqsRecord(order), poison])).toEqual(idsOf(poison));
    expect(await deliver([poison])).toEqual(idsOf(poison));
    expect(await deliver([sqsRecord(order)])).toEqual([]);
    expect(await rowsOf(order)).toMatchObject([order]);
    expect(logged.at(-1)?.fields['error']).toMatchObject({ code: 'PAYLOAD_MISMATCH' });
  });

  test('that asks for another amount after the record has been forgotten still meets the charge', async () => {
    const order = newOrder();
    await deliver([sqsRecord(order)]);
    const poison = sqsRecord({ ...order, amountCents: 9900 });
    expect(await deliver([poison], consumerIn(19 * DAY_MS))).toEqual(idsOf(poison));
    expect(logged.at(-1)?.fields['error']).toMatchObject({
      message: expect.stringMatching(/charged before/),
    });
    expect(await rowsOf(order)).toMatchObject([order]);
  });
});

describe('a FIFO queue', () => {
  const fifo = (groupId: string, order: unknown) => sqsRecord(order, { queue: 'orders.fifo', groupId });

  test('keeps its order: after a failure the rest of the group waits, and other groups go on', async () => {
    const [first, failing, third, other] = [newOrder(), newOrder(), newOrder(), newOrder()];
    const done: string[] = [];
    let failures = 1;
    const flaky: Charges = {
      async charge(chargeId, order) {
        if (order.orderId === failing.orderId && failures-- > 0)
          throw new Error('the payment service is down');
        await charges.charge(chargeId, order);
        done.push(order.orderId);
      },
    };
    const handler = consumer({ charges: flaky });
    const [one, two, three] = [fifo('a', first), fifo('a', failing), fifo('a', third)];
    const elsewhere = fifo('b', other);

    expect(await deliver([one, two, three, elsewhere], handler)).toEqual(idsOf(two, three));
    expect(done).toEqual([first.orderId, other.orderId]);
    expect(await deliver([two, three], handler)).toEqual([]);
    expect(done).toEqual([first, other, failing, third].map(({ orderId }) => orderId));
  });

  test('also keeps it when a message is refused because its twin is being worked on', async () => {
    const [order, next] = [newOrder(), newOrder()];
    const gate = heldCharges();
    const running = deliver([fifo('a', order)], consumer({ charges: gate.charges }));
    await gate.reached;
    const [twin, behind] = [fifo('b', order), fifo('b', next)];
    expect(await deliver([twin, behind])).toEqual(idsOf(twin, behind));
    expect(await rowsOf(next)).toEqual([]);
    gate.open();
    expect(await running).toEqual([]);
    expect(await deliver([twin, behind])).toEqual([]);
    expect(await rowsOf(next)).toHaveLength(1);
  });
});

describe('a message that cannot be finished', () => {
  test('for want of time is left in the queue without having been started', async () => {
    const order = newOrder();
    const message = sqsRecord(order);
    const requests: string[] = [];
    const counted = interceptedStore(store, (operation, proceed) => {
      requests.push(operation);
      return proceed();
    });
    const handler = consumer({ idempotencyOptions: { store: counted } });
    expect(await deliver([message], handler, lambdaContext(2000))).toEqual(idsOf(message));
    expect(requests).toEqual([]);
    expect(await rowsOf(order)).toEqual([]);
    expect(logged).toMatchObject([{ level: 'info', fields: { reason: 'OUT_OF_TIME' } }]);
  });

  test('behind others that took too long comes again, and they do not', async () => {
    const [slow, late] = [newOrder(), newOrder()];
    const context = lambdaContext(3200);
    const sleepy: Charges = {
      async charge(chargeId, order) {
        await charges.charge(chargeId, order);
        await until('the others had to wait', () => context.getRemainingTimeInMillis() < 3000);
      },
    };
    const [done, left] = [sqsRecord(slow), sqsRecord(late)];
    expect(await deliver([done, left], consumer({ charges: sleepy }), context)).toEqual(idsOf(left));
    expect(await deliver([left])).toEqual([]);
    expect(await rowsOf(late)).toHaveLength(1);
  });

  test('for want of a table is not charged, and a batch of such is told message by message', async () => {
    const orders = [newOrder(), newOrder()];
    const messages = orders.map((order) => sqsRecord(order));
    const down = interceptedStore(store, () => Promise.reject(new Error('socket closed')));
    const handler = consumer({ idempotencyOptions: { store: down } });
    expect(await deliver(messages, handler)).toEqual(idsOf(...messages));
    for (const order of orders) expect(await rowsOf(order)).toEqual([]);
    expect(await deliver(messages)).toEqual([]);
  });
});

/** Charges that are made at once, and told only when the gate is opened. */
function heldCharges(): { charges: Charges; reached: Promise<void>; open: () => void } {
  let arrive = () => {};
  let open = () => {};
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const held: Charges = {
    async charge(chargeId, order) {
      await charges.charge(chargeId, order);
      arrive();
      await opened;
    },
  };
  return { charges: held, reached, open: () => open() };
}
