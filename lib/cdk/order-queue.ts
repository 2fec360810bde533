import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * As AWS asks for: Lambda tries an invocation that was throttled again while the messages are invisible. It is also
 * several times the lease of an attempt, which ends with the invocation: a message that comes back after a crash finds
 * a lease that is over, and is not refused for it.
 */
const VISIBILITY_IN_FUNCTION_TIMEOUTS = 6;

/**
 * As AWS asks for, too: a message that is refused because its twin is being worked on, or because the batch ran out of
 * time, has used up one delivery and is as good as before.
 */
const DELIVERIES_MAX = 5;

/** The retention of the idempotency records covers both; see functions/charge-orders/charge-orders.ts. */
const RETENTION = Duration.days(4);
const DEAD_LETTER_RETENTION = Duration.days(14);

/** One message after another: ten small ones take well below the function's timeout. */
const BATCH_SIZE = 10;

/** A backlog must not take the account's concurrency from the API. */
const BATCHES_AT_ONCE_MAX = 10;

/** What Lambda does in the name of the consumer when it polls. CDK's `SqsEventSource` gives two actions more. */
const POLLING_ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

export interface OrderQueueProps {
  /** Told of the messages in batches; answers with the ids of those that failed. */
  readonly consumer: LambdaFunction;
  /** What becomes of both queues, and of the messages in them, when they leave the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** A queue of orders, its consumer, and a second queue for what the consumer could not do. */
export class OrderQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { consumer, removalPolicy }: OrderQueueProps) {
    super(scope, id);
    if (consumer.timeout === undefined) throw new Error('The consumer of a queue needs a timeout.');

    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, removalPolicy };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      ...common,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(consumer.timeout.toSeconds() * VISIBILITY_IN_FUNCTION_TIMEOUTS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: DELIVERIES_MAX },
    });

    const mapping = consumer.addEventSourceMapping('FromQueue', {
      eventSourceArn: this.queue.queueArn,
      batchSize: BATCH_SIZE,
      maxConcurrency: BATCHES_AT_ONCE_MAX,
      // Without it, Lambda takes a list of failures for success, and deletes the messages in it.
      reportBatchItemFailures: true,
    });
    // Lambda looks at the role when the mapping is made.
    this.queue.grant(consumer, ...POLLING_ACTIONS).applyBefore(mapping);
  }
}
