import {
  BatchProcessor,
  EventType,
  processPartialResponse,
  SqsFifoPartialProcessorAsync,
} from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import {
  type IdempotentContext,
  idempotent,
  isIdempotencyError,
  type KeyedOptions,
} from '../../lib/index.ts';
import type { HandlerLogger } from '../handler-logger.ts';
import type { Charges } from './charges.ts';
import { type Order, readOrder } from './order.ts';
import { OutOfTimeError, requireTime } from './time-left.ts';

/**
 * A message can come again for as long as the queue and then the dead-letter queue keep it (4 and 14 days; see
 * lib/cdk/order-queue.ts), and its twin may be charged on the first day.
 */
export const RETENTION_SECONDS = (4 + 14) * 24 * 60 * 60;

/** What an order may need: some 50 ms, or one request to DynamoDB that hangs and is sent again. */
const TIME_FOR_ONE_ORDER_MS = 3000;

export interface ChargeOrdersDependencies {
  readonly charges: Charges;
  readonly logger: HandlerLogger;
  /** On top of the sample's own; the deployed function has none. */
  readonly idempotencyOptions?: Partial<KeyedOptions<Order>>;
}

/** Consumer of a queue of orders: charges each order once, however often and in however many messages it comes. */
export function createChargeOrdersHandler({ charges, logger, idempotencyOptions }: ChargeOrdersDependencies) {
  async function chargeOrder(order: Order, context: IdempotentContext): Promise<void> {
    const chargeId = context.idempotency.deriveKey('charge');
    await charges.charge(chargeId, order);
    logger.info('order charged', { chargeId, attempt: context.idempotency.attempt });
    // Nothing is returned: nobody reads the result of a message, so there is none to record.
  }

  const chargeOnce = idempotent<Order, void, Context>(chargeOrder, {
    namespace: 'charge-orders',
    // The order's number and not the message's id: a producer that sends again makes another message.
    key: ({ orderId }) => orderId,
    fingerprint: ({ amountCents, currency }) => [amountCents, currency],
    retentionSeconds: RETENTION_SECONDS,
    ...idempotencyOptions,
  });

  /** Throws for every message that the queue shall deliver again, and in the end put into the dead-letter queue. */
  async function handleMessage(message: SQSRecord, context: Context): Promise<void> {
    try {
      requireTime(context, TIME_FOR_ONE_ORDER_MS);
      await chargeOnce(readOrder(message), context);
    } catch (error) {
      // The batch processor tells SQS which messages failed, and nobody why.
      const { messageId } = message;
      if (isIdempotencyError(error) && error.retryable) {
        logger.info('order left for later', { messageId, reason: error.code });
      } else if (error instanceof OutOfTimeError) {
        logger.info('order left for later', { messageId, reason: 'OUT_OF_TIME' });
      } else {
        logger.error('order not charged', { messageId, error: error as Error });
      }
      throw error;
    }
  }

  return async function chargeOrders(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
    // A processor keeps in itself the batch that it works on, hence a new one for each invocation. A batch in which
    // everything failed is told message by message too: a thrown error would make Lambda poll the queue less.
    const options = { context, throwOnFullBatchFailure: false };
    if (isFifo(event)) {
      const processor = new SqsFifoPartialProcessorAsync();
      return processPartialResponse(event, handleMessage, processor, { ...options, skipGroupOnError: true });
    }
    // One after another: a twin in the same batch then finds its result, instead of being refused and coming again.
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(event, handleMessage, processor, { ...options, processInParallel: false });
  };
}

/** All messages of a batch come from one queue, and the name of a FIFO queue ends so. */
function isFifo(event: SQSEvent): boolean {
  return event.Records[0]?.eventSourceARN.endsWith('.fifo') ?? false;
}
