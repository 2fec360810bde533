import type {
  DynamoDBRecord,
  EventBridgeEvent,
  KinesisStreamRecord,
  SNSEventRecord,
  SQSRecord,
} from 'aws-lambda';
import { KeyInvalidError } from '../idempotency/errors.ts';

/** One thing that a source delivers to a function, perhaps several times. */
export type Delivery =
  | SQSRecord
  | SNSEventRecord
  | EventBridgeEvent<string, unknown>
  | KinesisStreamRecord
  | DynamoDBRecord;

/**
 * The key of a delivery, for the option `key`: the id that the event source has given to a message, the same each time
 * that it delivers this message again.
 *
 * It says which *message* this is, not which *operation*. A producer that sends twice, because the reply to the first
 * request was lost, makes two messages with two ids; so does moving a message out of a dead-letter queue. Wherever the
 * message carries an id of what it asks for (an order number, a payment id), that is the better key.
 *
 * | source | made of |
 * |---|---|
 * | SQS | queue and message id |
 * | SNS | topic and message id |
 * | EventBridge | event id |
 * | Kinesis | stream, shard and sequence number |
 * | DynamoDB stream | stream and event id |
 *
 * ```ts
 * export const handler = idempotent(sendReceipt, { key: deliveryKey });
 * ```
 *
 * @throws KeyInvalidError for anything else, such as an event with all its records
 */
export function deliveryKey(delivery: Delivery): string {
  const parts = idParts(delivery);
  if (parts?.every((part) => typeof part === 'string' && part !== '')) return JSON.stringify(parts);
  throw new KeyInvalidError(
    'This is no record of SQS, SNS, Kinesis or a DynamoDB stream and no EventBridge event, so its delivery has no id that is known. Call the guarded function for each of event.Records, or give `key` a function of your own.',
  );
}

/** By shape, for what comes in at run time need not be what the types promise. */
function idParts(delivery: unknown): readonly unknown[] | undefined {
  if (typeof delivery !== 'object' || delivery === null) return undefined;
  const record = delivery as Partial<SQSRecord & KinesisStreamRecord & SNSEventRecord> & { id?: unknown };
  if ('detail-type' in delivery) return ['aws:events', record.id];
  if (record.EventSource === 'aws:sns') return ['aws:sns', record.Sns?.TopicArn, record.Sns?.MessageId];
  switch (record.eventSource) {
    case 'aws:sqs':
      return [record.eventSource, record.eventSourceARN, record.messageId];
    case 'aws:kinesis':
    case 'aws:dynamodb':
      return [record.eventSource, record.eventSourceARN, record.eventID];
    default:
      return undefined;
  }
}
