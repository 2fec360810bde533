import { type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { ProblemError } from '../problem-answers.ts';

/** Plain data, for it is recorded as the result of a step. */
export interface Reservation {
  readonly reservationId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly amountCents: number;
}

export interface Stock {
  /** Sets articles aside, once for each `reservationId`. @throws ProblemError if there are not enough */
  reserve(wanted: Omit<Reservation, 'amountCents'>): Promise<Reservation>;
  /** Puts them back, once. */
  cancel(reservation: Reservation): Promise<void>;
}

/**
 * Stock and reservations as rows of one table. The reservation has an id that is the same on every attempt: an attempt
 * that dies between its effect and the recording of the step finds the reservation there when it comes back.
 */
export class DynamoDbStock implements Stock {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string }) {
    this.#documents = DynamoDBDocumentClient.from(options.client);
    this.#tableName = options.tableName;
  }

  async reserve({ reservationId, sku, quantity }: Omit<Reservation, 'amountCents'>): Promise<Reservation> {
    const article = await this.#row(articleKey(sku));
    if (article === undefined) {
      throw new ProblemError({
        statusCode: 404,
        kind: 'unknown-article',
        title: 'Unknown article',
        detail: 'There is no article of this name.',
      });
    }
    const amountCents = Number(article['unitPriceCents']) * quantity;
    const reservation: Reservation = { reservationId, sku, quantity, amountCents };
    try {
      await this.#documents.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.#tableName,
                Item: { ...reservationKey(reservationId), ...reservation },
                ConditionExpression: 'attribute_not_exists(id)',
              },
            },
            { Update: this.#change(sku, -quantity, 'available >= :quantity') },
          ],
        }),
      );
      return reservation;
    } catch (error) {
      const [ofReservation, ofArticle] = failedConditions(error);
      if (ofReservation) {
        // An earlier attempt's, at the price of that moment.
        const earlier = await this.#row(reservationKey(reservationId));
        if (earlier !== undefined) return { ...reservation, amountCents: Number(earlier['amountCents']) };
      }
      if (ofArticle) {
        throw new ProblemError({
          statusCode: 409,
          kind: 'out-of-stock',
          title: 'Out of stock',
          detail: 'There are fewer of this article left than were ordered.',
        });
      }
      throw error;
    }
  }

  async cancel({ reservationId, sku, quantity }: Reservation): Promise<void> {
    try {
      await this.#documents.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Delete: {
                TableName: this.#tableName,
                Key: reservationKey(reservationId),
                ConditionExpression: 'attribute_exists(id)',
              },
            },
            { Update: this.#change(sku, quantity, 'attribute_exists(id)') },
          ],
        }),
      );
    } catch (error) {
      // Cancelled by an earlier attempt: what is gone has been put back.
      if (!failedConditions(error)[0]) throw error;
    }
  }

  #change(sku: string, by: number, condition: string) {
    return {
      TableName: this.#tableName,
      Key: articleKey(sku),
      UpdateExpression: 'SET available = available + :by',
      ConditionExpression: condition,
      ExpressionAttributeValues: {
        ':by': by,
        ...(condition.includes(':quantity') ? { ':quantity': Math.abs(by) } : {}),
      },
    };
  }

  async #row(key: { readonly id: string }): Promise<Record<string, unknown> | undefined> {
    const { Item: row } = await this.#documents.send(
      new GetCommand({ TableName: this.#tableName, Key: key, ConsistentRead: true }),
    );
    return row;
  }
}

export function articleKey(sku: string): { readonly id: string } {
  return { id: `article#${sku}` };
}

export function reservationKey(reservationId: string): { readonly id: string } {
  return { id: `reservation#${reservationId}` };
}

/** Of each write of a transaction, whether its condition stood in the way. */
function failedConditions(error: unknown): boolean[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).map(({ Code: code }) => code === 'ConditionalCheckFailed');
}
