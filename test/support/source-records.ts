/** Records as the event sources of Lambda deliver them, down to what the tests look at. */

import { randomUUID } from 'node:crypto';
import type {
  DynamoDBRecord,
  EventBridgeEvent,
  KinesisStreamRecord,
  SNSEventRecord,
  SQSRecord,
} from 'aws-lambda';

const ACCOUNT = 'eu-west-1:000000000000';

export function sqsRecord(
  body: unknown,
  changes: { readonly messageId?: string; readonly queue?: string; readonly groupId?: string } = {},
): SQSRecord {
  const { messageId = randomUUID(), queue = 'orders', groupId } = changes;
  return {
    messageId,
    receiptHandle: randomUUID(),
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1798761600000',
      SenderId: 'producer',
      ApproximateFirstReceiveTimestamp: '1798761600100',
      ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${ACCOUNT}:${queue}`,
    awsRegion: 'eu-west-1',
  };
}

export function snsRecord(message: unknown, messageId: string = randomUUID()): SNSEventRecord {
  return {
    EventVersion: '1.0',
    EventSource: 'aws:sns',
    EventSubscriptionArn: `arn:aws:sns:${ACCOUNT}:orders:${randomUUID()}`,
    Sns: {
      Type: 'Notification',
      MessageId: messageId,
      TopicArn: `arn:aws:sns:${ACCOUNT}:orders`,
      Message: JSON.stringify(message),
      MessageAttributes: {},
      Timestamp: new Date().toISOString(),
      SignatureVersion: '1',
      Signature: '',
      SigningCertUrl: '',
      UnsubscribeUrl: '',
    },
  };
}

export function eventBridgeEvent<TDetail>(
  detail: TDetail,
  id: string = randomUUID(),
): EventBridgeEvent<'OrderPlaced', TDetail> {
  return {
    id,
    version: '0',
    account: '000000000000',
    time: new Date().toISOString(),
    region: 'eu-west-1',
    resources: [],
    source: 'shop.orders',
    'detail-type': 'OrderPlaced',
    detail,
  };
}

export function kinesisRecord(data: unknown, sequenceNumber: string): KinesisStreamRecord {
  return {
    awsRegion: 'eu-west-1',
    eventID: `shardId-000000000000:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    eventSource: 'aws:kinesis',
    eventSourceARN: `arn:aws:kinesis:${ACCOUNT}:stream/orders`,
    eventVersion: '1.0',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/consumer',
    kinesis: {
      approximateArrivalTimestamp: 1_798_761_600,
      data: Buffer.from(JSON.stringify(data)).toString('base64'),
      kinesisSchemaVersion: '1.0',
      partitionKey: 'order',
      sequenceNumber,
    },
  };
}

export function dynamoDbRecord(newImage: Record<string, string>, sequenceNumber: string): DynamoDBRecord {
  return {
    eventID: `event-${sequenceNumber}`,
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    eventSourceARN: `arn:aws:dynamodb:${ACCOUNT}:table/orders/stream/2027-01-01T00:00:00.000`,
    eventVersion: '1.1',
    awsRegion: 'eu-west-1',
    dynamodb: {
      SequenceNumber: sequenceNumber,
      NewImage: Object.fromEntries(Object.entries(newImage).map(([name, value]) => [name, { S: value }])),
    },
  };
}
