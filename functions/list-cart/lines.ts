import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { type CartLine, cartLineOf } from '../cart-line.ts';
import { ProblemError } from '../problem-answers.ts';

/** A cart above this is no cart; it also bounds the requests and the answer (some 200 bytes a line). */
const LINES_MAX = 10_000;

export interface CartLines {
  /** All lines of a cart, ordered by `lineId`; none for a cart that nobody has put anything into. */
  listLines(cartId: string): Promise<CartLine[]>;
}

export class DynamoDbCartLines implements CartLines {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string }) {
    this.#documents = DynamoDBDocumentClient.from(options.client);
    this.#tableName = options.tableName;
  }

  /** @throws ProblemError (422) for a cart of more than 10 000 lines, rather than leaving some out unsaid */
  async listLines(cartId: string): Promise<CartLine[]> {
    const lines: CartLine[] = [];
    const pages = paginateQuery(
      { client: this.#documents },
      {
        TableName: this.#tableName,
        KeyConditionExpression: 'cartId = :cartId',
        ExpressionAttributeValues: { ':cartId': cartId },
        // Whoever has just added a line wants to see it.
        ConsistentRead: true,
      },
    );
    for await (const page of pages) {
      for (const row of page.Items ?? []) lines.push(cartLineOf(row));
      if (lines.length > LINES_MAX) {
        throw new ProblemError({
          statusCode: 422,
          kind: 'cart-too-large',
          title: 'Cart too large',
          detail: `This cart has more than ${LINES_MAX} lines and cannot be listed in one answer.`,
        });
      }
    }
    return lines;
  }
}
