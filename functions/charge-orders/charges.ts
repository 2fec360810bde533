import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Order } from './order.ts';

/** The business rule: an order is charged once, however often that is attempted. */
export interface Charges {
  /** @param chargeId - the same on every attempt of one operation */
  charge(chargeId: string, order: Order): Promise<void>;
}

/**
 * Charges in a DynamoDB table, a row a charge. It stands for the payment service, which would be handed `chargeId` as
 * its own idempotency key and keep the same promise.
 *
 * One update that changes nothing when it comes again: a second attempt, after a crash that left no record of the
 * first, finds the row and leaves it as it is.
 */
export class DynamoDbCharges implements Charges {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string }) {
    this.#documents = DynamoDBDocumentClient.from(options.client);
    this.#tableName = options.tableName;
  }

  async charge(chargeId: string, { orderId, amountCents, currency }: Order): Promise<void> {
    try {
      await this.#documents.send(
        new UpdateCommand({
          TableName: this.#tableName,
          Key: { chargeId },
          UpdateExpression:
            'SET orderId = :order, amountCents = :amount, currency = :currency, chargedAt = if_not_exists(chargedAt, :now)',
          // While the idempotency record lives, another payload never comes as far as this. Once its retention is over
          // it has forgotten the first payload, but this row has not.
          ConditionExpression:
            'attribute_not_exists(chargeId) OR (orderId = :order AND amountCents = :amount AND currency = :currency)',
          ExpressionAttributeValues: {
            ':order': orderId,
            ':amount': amountCents,
            ':currency': currency,
            ':now': new Date().toISOString(),
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      throw new Error('This order was charged before, with another amount.', { cause: error });
    }
  }
}
