import { describe, expect, test } from '@jest/globals';
import { type Delivery, deliveryKey } from '../../../lib/event-sources/index.ts';
import { KeyInvalidError } from '../../../lib/idempotency/errors.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { lambdaContext } from '../../support/events.ts';
import {
  dynamoDbRecord,
  eventBridgeEvent,
  kinesisRecord,
  snsRecord,
  sqsRecord,
} from '../../support/source-records.ts';

const order = { orderId: 'o1' };

/** Each source: one delivery, the same again as the source repeats it, and another with the same content. */
const DELIVERIES: [source: string, first: Delivery, again: Delivery, other: Delivery][] = [
  [
    'SQS',
    sqsRecord(order, { messageId: 'm1' }),
    sqsRecord(order, { messageId: 'm1' }),
    sqsRecord(order, { messageId: 'm2' }),
  ],
  ['SNS', snsRecord(order, 'm1'), snsRecord(order, 'm1'), snsRecord(order, 'm2')],
  [
    'EventBridge',
    eventBridgeEvent(order, 'e1'),
    eventBridgeEvent(order, 'e1'),
    eventBridgeEvent(order, 'e2'),
  ],
  ['Kinesis', kinesisRecord(order, '1'), kinesisRecord(order, '1'), kinesisRecord(order, '2')],
  ['a DynamoDB stream', dynamoDbRecord(order, '1'), dynamoDbRecord(order, '1'), dynamoDbRecord(order, '2')],
];

describe.each(DELIVERIES)('the key of a delivery by %s', (_source, first, again, other) => {
  test('is the same each time that the source repeats it', () => {
    expect(deliveryKey(again)).toBe(deliveryKey(first));
  });

  test('differs from that of the same content, sent another time', () => {
    expect(deliveryKey(other)).not.toBe(deliveryKey(first));
  });
});

test('deliveries by different sources never share a key', () => {
  const keys = DELIVERIES.flatMap(([, first, , other]) => [deliveryKey(first), deliveryKey(other)]);
  expect(new Set(keys).size).toBe(keys.length);
});

test('two queues may give out the same message id', () => {
  const [one, two] = ['orders', 'refunds'].map((queue) => sqsRecord(order, { messageId: 'm1', queue }));
  expect(deliveryKey(one as Delivery)).not.toBe(deliveryKey(two as Delivery));
});

test.each([
  ['a whole SQS event', { Records: [sqsRecord(order)] }],
  ['a record without its id', { ...sqsRecord(order), messageId: undefined }],
  ['a record with an empty id', { ...sqsRecord(order), messageId: '' }],
  ['a record of another source', { eventSource: 'aws:kafka' }],
  ['an event of the user', { orderId: 'o1' }],
  ['null', null],
])('%s has no such key, and is refused rather than run without a lock', (_what, event) => {
  expect(() => deliveryKey(event as unknown as Delivery)).toThrow(KeyInvalidError);
});

test('a guarded function takes it as its `key`', async () => {
  let runs = 0;
  const notify = idempotent(async (_record: ReturnType<typeof snsRecord>) => ++runs, {
    store: new MemoryStore(),
    key: deliveryKey,
  });
  expect(await notify(snsRecord(order, 'm1'), lambdaContext())).toBe(1);
  expect(await notify(snsRecord(order, 'm1'), lambdaContext())).toBe(1);
});
