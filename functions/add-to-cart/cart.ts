import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type CartLine, cartLineOf } from '../cart-line.ts';
import { ProblemError } from '../problem-answers.ts';

export interface NewLine {
  /** The same on every attempt of one operation: it is what makes the second attempt find the first one's row. */
  readonly lineId: string;
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** The business rule: a line is added to a cart once, however often the operation is attempted. */
export interface Cart {
  addLine(line: NewLine): Promise<CartLine>;
}

/**
 * Carts in a DynamoDB table, a row a line.
 *
 * This is the handler's half of the bargain. The idempotency record says that an operation has finished, but it is
 * another item in another table: a process can die, or a reply be lost, between the row and the record. After the
 * lease the operation is then attempted again, and all that the middleware can give to that attempt is the same
 * derived id. Put under this id on condition that it is new, the row exists once whatever happens in between, and
 * a retry of the SDK's whose first reply was lost is harmless too.
 */
export class DynamoDbCart implements Cart {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string }) {
    this.#documents = DynamoDBDocumentClient.from(options.client);
    this.#tableName = options.tableName;
  }

  /** Resolves to the line as it is in the table: on a later attempt, the row that an earlier one put there. */
  async addLine(line: NewLine): Promise<CartLine> {
    const row: CartLine = { ...line, addedAt: new Date().toISOString() };
    try {
      await this.#documents.send(
        new PutCommand({
          TableName: this.#tableName,
          Item: row,
          ConditionExpression: 'attribute_not_exists(lineId)',
        }),
      );
      return row;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return this.#lineOfEarlierAttempt(line, error);
    }
  }

  async #lineOfEarlierAttempt(line: NewLine, refusal: Error): Promise<CartLine> {
    const { Item: row } = await this.#documents.send(
      new GetCommand({
        TableName: this.#tableName,
        Key: { cartId: line.cartId, lineId: line.lineId },
        ConsistentRead: true,
      }),
    );
    // Deleted since: whoever took the line out of the cart does not want it back.
    if (row === undefined) throw refusal;
    const earlier = cartLineOf(row);
    // While the record lives, the middleware refuses a key with another payload. Once the retention is over it has
    // forgotten the first payload, but this row has not.
    if (earlier.sku !== line.sku || earlier.quantity !== line.quantity) {
      throw new ProblemError({
        statusCode: 409,
        kind: 'key-used-before',
        title: 'Idempotency key used before',
        detail: 'This idempotency key added another line to this cart earlier. Use a new key for a new line.',
      });
    }
    return earlier;
  }
}
