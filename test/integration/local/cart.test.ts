import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDbCart } from '../../../functions/add-to-cart/cart.ts';
import { DynamoDbCartLines } from '../../../functions/list-cart/lines.ts';
import { createCartTable, testClient } from '../../support/dynamodb.ts';

let client: DynamoDBClient;
let tableName: string;
let cart: DynamoDbCart;
let cartLines: DynamoDbCartLines;

beforeAll(async () => {
  client = testClient();
  tableName = await createCartTable(client);
  cart = new DynamoDbCart({ client, tableName });
  cartLines = new DynamoDbCartLines({ client, tableName });
});

afterAll(() => {
  client.destroy();
});

function newLine() {
  return { lineId: randomUUID(), cartId: randomUUID(), sku: 'book-1', quantity: 2 };
}

describe('adding a line', () => {
  test('a second time gives the row of the first, and adds none', async () => {
    const line = newLine();
    const first = await cart.addLine(line);
    const second = await cart.addLine(line);
    expect(second).toEqual(first);
    expect(await cartLines.listLines(line.cartId)).toEqual([first]);
  });

  test('many times at once adds one row, which all of them get', async () => {
    const line = newLine();
    const added = await Promise.all(Array.from({ length: 20 }, () => cart.addLine(line)));
    const rows = await cartLines.listLines(line.cartId);
    expect(rows).toHaveLength(1);
    for (const one of added) expect(one).toEqual(rows[0]);
  });

  test('under the id of another line is refused, and leaves that one as it is', async () => {
    const line = newLine();
    const first = await cart.addLine(line);
    await expect(cart.addLine({ ...line, sku: 'pen-1' })).rejects.toMatchObject({ statusCode: 409 });
    expect(await cartLines.listLines(line.cartId)).toEqual([first]);
  });
});

describe('listing a cart', () => {
  test('follows the pages to the end', async () => {
    const cartId = randomUUID();
    const documents = DynamoDBDocumentClient.from(client);
    // A page of a Query ends at 1 MB: eight rows of 300 KB take three.
    const padding = 'x'.repeat(300_000);
    for (let index = 0; index < 8; index++) {
      const row = { cartId, lineId: `line-${index}`, sku: 'big', quantity: 1, addedAt: '', padding };
      await documents.send(new PutCommand({ TableName: tableName, Item: row }));
    }
    const lines = await cartLines.listLines(cartId);
    expect(lines.map(({ lineId }) => lineId)).toEqual(
      Array.from({ length: 8 }, (_, index) => `line-${index}`),
    );
    expect(Object.keys(lines[0] ?? {}).sort()).toEqual(['addedAt', 'cartId', 'lineId', 'quantity', 'sku']);
  });
});
